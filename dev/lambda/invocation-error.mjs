/** Why a call has no answer: TOO_LARGE, TIMED_OUT, ENDED (its process died), or FAILED (the function's own error). */
export class InvocationError extends Error {
  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }

  /** The error that a function has answered with: `{"errorType", "errorMessage"}`. */
  static of(body) {
    const error = new InvocationError('FAILED', String(JSON.parse(body).errorMessage));
    error.body = body;
    return error;
  }
}
