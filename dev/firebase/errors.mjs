/** An answer other than success, in the words the real service uses. */
export class RequestError extends Error {
  constructor(status, message, extra = {}) {
    super(message);
    this.status = status;
    this.headers = extra.headers ?? {};
    // It may be null: the value at a place where there is none.
    this.body = 'body' in extra ? extra.body : { error: message };
  }
}

export const badRequest = (message) => new RequestError(400, message);
export const permissionDenied = () => new RequestError(401, 'Permission denied');
export const unauthorized = (message) => new RequestError(401, message);
