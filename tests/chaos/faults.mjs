// Faults of Firebase and FCM, which the stand-in injects at random (dev/firebase/README.md).

const PUSHES = { path: '/v1/projects/*/messages:send' };
const WRITES = { path: '/', method: 'PATCH' };

/** About 30 % of the writes meet one of these. */
const OF_WRITES = [
  { status: 500, probability: 0.03 },
  { status: 500, applied: true, probability: 0.03 },
  { status: 503, probability: 0.03 },
  { status: 429, retryAfter: 1, probability: 0.02 },
  // As the database responds to an expired access token.
  { status: 401, probability: 0.03 },
  { status: 401, applied: true, probability: 0.02 },
  { reset: 'before', probability: 0.03 },
  { reset: 'after', probability: 0.04 },
  // A delayed write: a later one may be applied first.
  { delayMs: 120, probability: 0.06 },
  { delayMs: 700, probability: 0.02 },
  { answerDelayMs: 400, probability: 0.04 },
  // Longer than the functions' timeouts (1.5 s after a response, 8 s in the sweep), applied or not.
  { delayMs: 9000, probability: 0.002 },
  { answerDelayMs: 9000, probability: 0.002 },
].map((fault) => ({ ...WRITES, ...fault }));

const OF_TOKENS = [
  { path: '/token', status: 500, probability: 0.1 },
  { path: '/token', reset: 'after', probability: 0.1 },
];

/** About 20 % of the pushes meet one of these. */
const OF_PUSHES = [
  { status: 500, probability: 0.03 },
  { status: 500, applied: true, probability: 0.02 },
  { status: 503, probability: 0.03 },
  { status: 503, retryAfter: 11, probability: 0.02 },
  { status: 429, retryAfter: 12, probability: 0.02 },
  { reset: 'before', probability: 0.03 },
  { reset: 'after', probability: 0.03 },
  // Longer than the timeout after a response (1.5 s) or in the sweep (10 s): delivered after the function has given
  // up.
  { delayMs: 5_000, probability: 0.002 },
  { answerDelayMs: 12_000, probability: 0.002 },
  { answerDelayMs: 200, probability: 0.2 },
].map((fault) => ({ ...PUSHES, ...fault }));

/** The latency of the real FCM: messages are sent meanwhile. */
const SLOW_PUSHES = [{ ...PUSHES, answerDelayMs: 400 }];

/** Two concurrent writes of one room, the older one applied last: the fence must reject it. */
const OVERTAKING = [{ ...WRITES, delayMs: 150, probability: 0.35 }];

export class Faults {
  #url;
  #struck = 0;

  constructor(url) {
    this.#url = url;
  }

  /** Enables all faults. */
  enableAll(seed) {
    return this.#put({ seed, faults: [...OF_WRITES, ...OF_TOKENS, ...OF_PUSHES] });
  }

  slowDownPushes() {
    return this.#put(SLOW_PUSHES);
  }

  enableOvertaking(seed) {
    return this.#put({ seed, faults: OVERTAKING });
  }

  async disable() {
    this.#struck += await this.#injected();
    await this.#put([]);
  }

  /** Returns the number of injected faults so far. */
  async struck() {
    return this.#struck + (await this.#injected());
  }

  /** Disables the rules' fence against stale writes, to prove that the run detects its absence. */
  disableFence() {
    return this.#request('PUT', '/.settings/fence', false);
  }

  /** Makes FCM report these devices as unregistered. */
  uninstall(tokens) {
    return this.#request('PUT', '/.unregistered-devices', tokens);
  }

  /** Expires all access tokens early. */
  endAccessTokens() {
    return this.#request('DELETE', '/.access-tokens');
  }

  /** Returns the pushes so far. */
  pushes() {
    return this.#request('GET', '/.pushes');
  }

  /** Returns the number of the mirror's writes so far. */
  async writes() {
    const journal = await this.#request('GET', '/.requests');
    return journal.filter(({ method, path }) => method === WRITES.method && path === WRITES.path).length;
  }

  async #injected() {
    return (await this.#request('GET', '/.faults')).injected;
  }

  #put(plan) {
    return this.#request('PUT', '/.faults', plan);
  }

  async #request(method, path, body) {
    const response = await fetch(`${this.#url}${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
    if (!response.ok) throw new Error(`the stand-in returned ${response.status} to ${method} ${path}`);
    return response.status === 204 ? undefined : response.json();
  }
}
