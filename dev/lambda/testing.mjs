import { Lambda } from './lambda.mjs';
import { serveRuntimeApi } from './runtime-api.mjs';

/** A Lambda with its Runtime API; `open(name)` is a process of that function, as far as Lambda can tell. */
export async function aLambda() {
  const lambda = new Lambda();
  const api = await serveRuntimeApi(lambda);
  return { lambda, ...api, open: (name) => new FakeProcess(lambda, lambda.open(name), api) };
}

class FakeProcess {
  #lambda;
  #address;

  constructor(lambda, environment, api) {
    this.environment = environment;
    this.#lambda = lambda;
    this.#address = api.addressOf(environment);
  }

  /** Asks for the next event. */
  async next() {
    const response = await fetch(`${this.#address}/2018-06-01/runtime/invocation/next`);
    return { id: response.headers.get('lambda-runtime-aws-request-id'), headers: response.headers, event: await response.json() };
  }

  answer(id, body) {
    return this.post(`2018-06-01/runtime/invocation/${id}/response`, body);
  }

  fail(id, errorMessage) {
    return this.post(`2018-06-01/runtime/invocation/${id}/error`, { errorType: 'Test', errorMessage });
  }

  /** Answers every call with what `handler` makes of it, for as long as it lives. */
  async serve(handler) {
    for (;;) {
      const { id, event } = await this.next().catch(() => ({}));
      if (!id) return;
      await this.answer(id, await handler(event));
    }
  }

  async registerExtension(events) {
    const response = await this.post('2020-01-01/extension/register', { events });
    const headers = { 'lambda-extension-identifier': response.headers.get('lambda-extension-identifier') };
    return async () => (await fetch(`${this.#address}/2020-01-01/extension/event/next`, { headers })).json();
  }

  die() {
    this.#lambda.close(this.environment);
  }

  post(path, body) {
    return fetch(`${this.#address}/${path}`, { method: 'POST', body: JSON.stringify(body) });
  }
}
