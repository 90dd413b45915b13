/** The service's orders: https://firebase.google.com/docs/database/web/lists-of-data#how-query-data-is-ordered */

/** Bounds below and above every key; no real key can contain brackets. */
export const MIN_KEY = '[MIN_NAME]';
export const MAX_KEY = '[MAX_NAME]';

const INTEGER = /^-?0*\d{1,10}$/;

function integerOf(key) {
  const first = key.charCodeAt(0);
  if (first > 57 /* 9 */ || (first < 48 && first !== 45) || !INTEGER.test(key)) return null;
  const number = Number(key);
  return number >= -2147483648 && number <= 2147483647 ? number : null;
}

/** Integers first, in numeric order; then all other keys as text. */
export function compareKeys(a, b) {
  if (a === b) return 0;
  if (a === MIN_KEY || b === MAX_KEY) return -1;
  if (b === MIN_KEY || a === MAX_KEY) return 1;
  const [x, y] = [integerOf(a), integerOf(b)];
  if (x !== null && y !== null) return x - y || a.length - b.length;
  if (x !== null) return -1;
  if (y !== null) return 1;
  return a < b ? -1 : 1;
}

// Objects have no order of their own: only their keys order them.
const RANK = { null: 0, false: 1, true: 2, number: 3, string: 4, object: 5 };

function rank(value) {
  if (value === null || typeof value === 'boolean') return RANK[String(value)];
  return RANK[typeof value];
}

export function compareValues(a, b) {
  const [x, y] = [rank(a), rank(b)];
  if (x !== y) return x - y;
  if (x !== RANK.number && x !== RANK.string) return 0;
  return a < b ? -1 : a > b ? 1 : 0;
}
