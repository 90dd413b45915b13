import { badRequest } from '../errors.mjs';
import { parsePath } from './paths.mjs';
import { compareKeys, compareValues, MAX_KEY, MIN_KEY } from './ordering.mjs';
import { Branch, childEntries, Leaf, nodeAt } from './tree.mjs';

/**
 * A query: `index` is '.key', '.value', '.priority' or a child's path; `start` and `end` are
 * `{value, key, inclusive}` or null; `limit` counts from the left or from the right end.
 */
class Query {
  constructor({ index = '.priority', start = null, end = null, limit = null, fromRight = false }) {
    Object.assign(this, { index, start, end, limit, fromRight });
    this.childPath = index.startsWith('.') ? null : parsePath(index);
  }

  /** Returns `query` as the rules see it. targaryen requires exactly one order. */
  get forRules() {
    const order = { '.key': 'orderByKey', '.value': 'orderByValue', '.priority': 'orderByPriority' };
    const seen = order[this.index] ? { [order[this.index]]: true } : { orderByChild: this.index };
    if (this.limit !== null) seen[this.fromRight ? 'limitToLast' : 'limitToFirst'] = this.limit;
    const [start, end] = [this.start?.value, this.end?.value];
    if (start !== undefined && start === end) seen.equalTo = start;
    else {
      if (start !== undefined) seen.startAt = start;
      if (end !== undefined) seen.endAt = end;
    }
    return seen;
  }

  /** Returns the children of `node` that the query selects, as a node. */
  select(node) {
    if (!(node instanceof Branch)) return null;
    let items = [...childEntries(node)].map(([key, child]) => ({ key, child, value: this.#indexed(key, child) }));
    items = items.filter((item) => this.#within(item));
    if (this.limit !== null && items.length > this.limit) {
      items.sort(compareItems);
      items = this.fromRight ? items.slice(-this.limit) : items.slice(0, this.limit);
    }
    return Branch.of(
      items.map(({ key, child }) => [key, child]),
      node.priority,
    );
  }

  #indexed(key, child) {
    if (this.index === '.key') return null;
    if (this.index === '.priority') return child.priority;
    const target = this.childPath === null ? child : nodeAt(child, this.childPath);
    if (target === null) return null;
    return target instanceof Leaf ? target.value : OBJECT;
  }

  #within(item) {
    return (
      (this.start === null || isOnSide(this.#compare(item, this.start, MIN_KEY), this.start.inclusive)) &&
      (this.end === null || isOnSide(-this.#compare(item, this.end, MAX_KEY), this.end.inclusive))
    );
  }

  #compare(item, bound, defaultKey) {
    if (this.index === '.key') return compareKeys(item.key, bound.value);
    return compareValues(item.value, bound.value) || compareKeys(item.key, bound.key ?? boundKey(bound, defaultKey));
  }
}

/** An object has no value by which it can be ordered. */
const OBJECT = Object.freeze({});

const compareItems = (a, b) => compareValues(a.value, b.value) || compareKeys(a.key, b.key);

const isOnSide = (comparison, inclusive) => (inclusive ? comparison >= 0 : comparison > 0);

/**
 * `startAt(v)` begins before all children with the value v, `startAfter(v)` after them. Ends work in the same
 * way.
 */
function boundKey(bound, inclusiveKey) {
  if (bound.inclusive) return inclusiveKey;
  return inclusiveKey === MIN_KEY ? MAX_KEY : MIN_KEY;
}

/** Parses the field `q` of a listen request in the wire protocol. */
export function queryFromWire(wire) {
  const bound = (value, key, inclusive) =>
    value in wire ? { value: wire[value], key: wire[key], inclusive: wire[inclusive] !== false } : null;
  return new Query({
    index: wire.i,
    start: bound('sp', 'sn', 'sin'),
    end: bound('ep', 'en', 'ein'),
    limit: wire.l ?? null,
    fromRight: wire.vf === 'r',
  });
}

const REST_INDEX = { $key: '.key', $value: '.value', $priority: '.priority' };
const CONSTRAINTS = ['startAt', 'startAfter', 'endAt', 'endBefore', 'equalTo', 'limitToFirst', 'limitToLast'];

/** Parses the query of a REST request; null without one. */
export function queryFromUrl(params) {
  if (!params.has('orderBy')) {
    if (CONSTRAINTS.some((name) => params.has(name))) {
      throw badRequest('orderBy must be defined when other query parameters are defined');
    }
    return null;
  }
  const orderBy = parseParameter(params, 'orderBy');
  if (typeof orderBy !== 'string' || orderBy === '') throw badRequest('orderBy must be a valid JSON encoded path');
  const first = limitOf(params, 'limitToFirst');
  const last = limitOf(params, 'limitToLast');
  if (first !== null && last !== null) throw badRequest('limitToFirst and limitToLast cannot both be specified');
  return new Query({
    index: REST_INDEX[orderBy] ?? orderBy,
    start: boundOf(params, ['equalTo', true], ['startAt', true], ['startAfter', false]),
    end: boundOf(params, ['equalTo', true], ['endAt', true], ['endBefore', false]),
    limit: first ?? last,
    fromRight: last !== null,
  });
}

function boundOf(params, ...names) {
  const given = names.find(([name]) => params.has(name));
  if (given === undefined) return null;
  const [name, inclusive] = given;
  const value = parseParameter(params, name);
  if (typeof value === 'object' && value !== null) throw badRequest('Constraint index field must be a JSON primitive');
  return { value, inclusive };
}

function limitOf(params, name) {
  if (!params.has(name)) return null;
  const limit = Number(params.get(name));
  if (!Number.isInteger(limit) || limit <= 0) throw badRequest(`${name} must be an integer greater than zero`);
  return limit;
}

function parseParameter(params, name) {
  try {
    return JSON.parse(params.get(name));
  } catch {
    throw badRequest(
      name === 'orderBy'
        ? 'orderBy must be a valid JSON encoded path'
        : 'Constraint index field must be a JSON primitive',
    );
  }
}
