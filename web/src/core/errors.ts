/** Why a call had no success, in words for people. */
export class CallError extends Error {
  constructor(
    /** The HTTP status, or null where no answer came: the server may have done it or not. */
    readonly status: number | null,
    message: string,
    /** How long the server asked to wait. */
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
  }

  /**
   * Whether the same call may succeed later. 401 is among them: whoever signs in again has a fresh token. What the
   * server refuses for good is 400, 404, 413…
   */
  get isTemporary(): boolean {
    const { status } = this;
    return status === null || status >= 500 || [401, 408, 425, 429].includes(status);
  }
}

export const isTemporary = (error: unknown): boolean => error instanceof CallError && error.isTemporary;
