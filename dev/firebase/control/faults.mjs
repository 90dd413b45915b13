import { badRequest } from '../errors.mjs';

/**
 * Faults to be injected into requests, first match first. A fault is:
 *
 *   path         glob over the request's path: `*` is one segment, `**` any number (default: every path)
 *   method       only this method
 *   count        how many times, then it is spent (default: for ever)
 *   probability  of striking where it matches (default 1), drawn from the seed
 *   delayMs      wait before the request is carried out
 *   status       answer with this status instead of carrying it out; with `body` and `retryAfter`
 *   applied      with `status`: carry it out all the same
 *   reset        cut the connection "before" it is carried out, or "after", in mid-answer
 *   answerDelayMs  wait after it was carried out, before the answer
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

  /** `{seed, faults}`, or just the list. */
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

  /** What is armed and how often each fault struck. */
  report() {
    const faults = this.#faults.map(({ matches, ...fault }) => fault);
    return { injected: faults.reduce((sum, { injected }) => sum + injected, 0), faults };
  }

  /** The fault that strikes this request, which counts as injected, or null. */
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

/** mulberry32: one seed, one run. */
function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
