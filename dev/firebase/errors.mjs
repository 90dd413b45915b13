/** An error response with the text of the real service. */
export class RequestError extends Error {
  constructor(status, message, extra = {}) {
    super(message);
    this.status = status;
    this.headers = extra.headers ?? {};
    // The body may be null: the value of a path without data.
    this.body = 'body' in extra ? extra.body : { error: message };
  }
}

export const badRequest = (message) => new RequestError(400, message);
export const permissionDenied = () => new RequestError(401, 'Permission denied');
export const unauthorized = (message) => new RequestError(401, message);
