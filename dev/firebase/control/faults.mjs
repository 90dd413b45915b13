import { badRequest } from '../errors.mjs';

/**
 * Faults to inject into requests; the first match applies. A fault has these fields:
 *   path         glob over the request's path: `*` is one segment, `**` any number (default: every path)
 *   method       only this method
 *   count        how many times it applies (default: without limit)
 *   probability  of applying to a matching request (default 1), drawn from the seed
 *   delayMs      wait before the request is processed
 *   status       respond with this status instead of processing the request; with `body` and `retryAfter`
 *   applied      with `status`: process the request, then respond with the status
 *   reset        close the connection "before" the request is processed, or "after" it, during the response
 *   answerDelayMs  wait between processing and response
 */
const FIELDS = {
  path: 'string',
  method: 'string',
  count: 'number',
  probability: 'number',
  delayMs: 'number',
  status: 'number',
  body: 'any',
  retryAfter: 'number',
  applied: 'boolean',
  reset: 'string',
  answerDelayMs: 'number',
};

export class Faults {
  #faults = [];
  #random = seededRandom(1);

  /** Replaces the faults by `{seed, faults}`, or by a list of faults. */
  replace(plan) {
    const { seed = 1, faults } = Array.isArray(plan) ? { faults: plan } : (plan ?? {});
    if (!Array.isArray(faults)) throw badRequest('Send a list of faults, or {"seed": 1, "faults": […]}.');
    this.#faults = faults.map((fault) => ({
      ...checked(fault),
      injected: 0,
      matches: pathMatcher(fault.path ?? '**'),
    }));
    this.#random = seededRandom(seed);
  }

  clear() {
    this.#faults = [];
  }

  /** Returns the faults, and how often each one was injected. */
  report() {
    const faults = this.#faults.map(({ matches, ...fault }) => fault);
    return { injected: faults.reduce((sum, { injected }) => sum + injected, 0), faults };
  }

  /** Returns the fault to inject into this request and counts it, or returns null. */
  strike(method, path) {
    const fault = this.#faults.find(
      (candidate) =>
        candidate.injected < (candidate.count ?? Infinity) &&
        (candidate.method ?? method) === method &&
        candidate.matches.test(path) &&
        this.#random() < (candidate.probability ?? 1),
    );
    if (fault === undefined) return null;
    fault.injected += 1;
    return fault;
  }
}

function checked(fault) {
  if (typeof fault !== 'object' || fault === null) throw badRequest('A fault is an object.');
  for (const [field, value] of Object.entries(fault)) {
    const type = FIELDS[field];
    if (type === undefined) throw badRequest(`A fault has no field "${field}".`);
    if (type !== 'any' && typeof value !== type) throw badRequest(`"${field}" of a fault is a ${type}.`);
  }
  if (![undefined, 'before', 'after'].includes(fault.reset)) throw badRequest('"reset" is "before" or "after".');
  return fault;
}

function pathMatcher(glob) {
  const pattern = glob
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*|\*/g, (stars) => (stars === '**' ? '.*' : '[^/]*'));
  return new RegExp(`^${pattern}$`);
}

/** Returns a random number generator (mulberry32). One seed always gives the same numbers. */
function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
