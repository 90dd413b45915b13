/** An answer other than success, in the words the real service uses. */
export class RequestError extends Error {
  constructor(status, message, extra = {}) {
    super(message);
    this.status = status;
    this.headers = extra.headers ?? {};
    this.body = extra.body ?? { error: message };
  }
}

export const badRequest = (message) => new RequestError(400, message);
export const permissionDenied = () => new RequestError(401, 'Permission denied');
export const unauthorized = (message) => new RequestError(401, message);
