/** The error of an API call, with a text for the user. */
export class CallError extends Error {
  constructor(
    /** The HTTP status, or null without a response: the server may or may not have processed the call. */
    readonly status: number | null,
    message: string,
    /** How long the server asks to wait. */
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
  }

  /**
   * Whether a retry may succeed. 401 is included, because a new sign-in brings a new token. 400, 404, 413 and the like
   * are final.
   */
  get isTemporary(): boolean {
    const { status } = this;
    return status === null || status >= 500 || [401, 408, 425, 429].includes(status);
  }
}

export const isTemporary = (error: unknown): boolean => error instanceof CallError && error.isTemporary;
