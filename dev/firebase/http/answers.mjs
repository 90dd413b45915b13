/** Returns a response that is not sent yet, `{status, headers, body}`, so that a fault can change it. */
export function json(status, value, { pretty = false, headers = {} } = {}) {
  const body = JSON.stringify(value, null, pretty ? 2 : 0) + (pretty ? '\n' : '');
  return { status, headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers }, body };
}

export const noContent = (headers = {}) => ({ status: 204, headers, body: '' });

export const fromError = (error) => json(error.status, error.body, { headers: error.headers });
