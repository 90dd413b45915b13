// What Firebase and FCM do wrong, by the stand-in's own injection (dev/firebase/README.md). Each strikes by chance.

const PUSHES = { path: '/v1/projects/*/messages:send' };
const WRITES = { path: '/chats/**', method: 'PATCH' };

/** Of a hundred writes about thirty meet one of these. */
const OF_WRITES = [
  { status: 500, probability: 0.03 },
  { status: 500, applied: true, probability: 0.03 },
  { status: 503, probability: 0.03 },
  { status: 429, retryAfter: 1, probability: 0.02 },
  // An access token that has ended, as the database sees it.
  { status: 401, probability: 0.03 },
  { status: 401, applied: true, probability: 0.02 },
  { reset: 'before', probability: 0.03 },
  { reset: 'after', probability: 0.04 },
  // Slow to be carried out: a write that was sent later may be carried out first.
  { delayMs: 120, probability: 0.06 },
  { delayMs: 700, probability: 0.02 },
  { answerDelayMs: 400, probability: 0.04 },
  // Past the time-outs of the functions (1.5 s after a reply, 8 s in the sweep): done, or not.
  { delayMs: 9000, probability: 0.002 },
  { answerDelayMs: 9000, probability: 0.002 },
].map((fault) => ({ ...WRITES, ...fault }));

const OF_TOKENS = [
  { path: '/token', status: 500, probability: 0.1 },
  { path: '/token', reset: 'after', probability: 0.1 },
];

/** Of a hundred pushes about twenty fail by one of these. */
const OF_PUSHES = [
  { status: 500, probability: 0.03 },
  { status: 500, applied: true, probability: 0.02 },
  { status: 503, probability: 0.03 },
  { status: 503, retryAfter: 11, probability: 0.02 },
  { status: 429, retryAfter: 12, probability: 0.02 },
  { reset: 'before', probability: 0.03 },
  { reset: 'after', probability: 0.03 },
  // Past the time-out after a reply (1.5 s), and past that of the sweep (10 s): delivered when the function has given up.
  { delayMs: 5_000, probability: 0.002 },
  { answerDelayMs: 12_000, probability: 0.002 },
  { answerDelayMs: 200, probability: 0.2 },
].map((fault) => ({ ...PUSHES, ...fault }));

/** As slow as the real one: meanwhile people go on talking. */
const SLOW_PUSHES = [{ ...PUSHES, answerDelayMs: 400 }];

/** What the fence is for: two writes of one room at once, the older one carried out last. */
const OVERTAKING = [{ ...WRITES, delayMs: 150, probability: 0.35 }];

export class Faults {
  #url;
  #struck = 0;

  constructor(url) {
    this.#url = url;
  }

  /** From now on everything goes wrong that can. */
  arm(seed) {
    return this.#put({ seed, faults: [...OF_WRITES, ...OF_TOKENS, ...OF_PUSHES] });
  }

  slowDownPushes() {
    return this.#put(SLOW_PUSHES);
  }

  armOvertaking(seed) {
    return this.#put({ seed, faults: OVERTAKING });
  }

  async disarm() {
    this.#struck += await this.#injected();
    await this.#put([]);
  }

  /** How often a fault has struck so far. */
  async struck() {
    return this.#struck + (await this.#injected());
  }

  /** The rules' fence against stale writes, taken down: to see that its absence is found out. */
  takeFenceDown() {
    return this.#request('PUT', '/.settings/fence', false);
  }

  /** The app is gone from these devices. */
  uninstall(tokens) {
    return this.#request('PUT', '/.unregistered-devices', tokens);
  }

  /** All access tokens end before their time. */
  endAccessTokens() {
    return this.#request('DELETE', '/.access-tokens');
  }

  /** What devices were told of so far. */
  pushes() {
    return this.#request('GET', '/.pushes');
  }

  /** Writes to a room so far. */
  async writes(room) {
    const journal = await this.#request('GET', '/.requests');
    return journal.filter(({ method, path }) => method === 'PATCH' && path.includes(room)).length;
  }

  async #injected() {
    return (await this.#request('GET', '/.faults')).injected;
  }

  #put(plan) {
    return this.#request('PUT', '/.faults', plan);
  }

  async #request(method, path, body) {
    const response = await fetch(`${this.#url}${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
    if (!response.ok) throw new Error(`the stand-in answered ${response.status} to ${method} ${path}`);
    return response.status === 204 ? undefined : response.json();
  }
}
