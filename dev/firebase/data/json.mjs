import { badRequest } from '../errors.mjs';
import { checkDepth, checkKey, checkString } from './limits.mjs';
import { Branch, childEntries, childOf, Leaf } from './tree.mjs';
import { isServerValue, resolveServerValue } from './server-values.mjs';

/**
 * Reads JSON as a client sends it: objects, arrays (keys 0, 1, …), `.value` and `.priority`, server values.
 * `now` is the time of the write, and `current` the present node at this path (for `increment`).
 */
export function nodeFromJson(json, { now, current = null, depth = 0 }) {
  if (json === null || json === undefined) return null;
  if (typeof json !== 'object') return leaf(json, null);
  if (isServerValue(json)) return leaf(resolveServerValue(json, now, current), null);

  const priority = priorityOf(json['.priority'], now);
  if ('.value' in json) return valueWithPriority(json, priority, { now, current });

  checkDepth(depth + 1);
  const entries = [];
  for (const key of Object.keys(json)) {
    if (key === '.priority') continue;
    checkKey(key);
    const node = nodeFromJson(json[key], { now, current: childOf(current, key), depth: depth + 1 });
    entries.push([key, node]);
  }
  return Branch.of(entries, priority);
}

function valueWithPriority(json, priority, context) {
  const extra = Object.keys(json).find((key) => key !== '.value' && key !== '.priority');
  if (extra !== undefined) throw badRequest(`Invalid data; ".value" cannot stand beside "${extra}".`);
  const value = json['.value'];
  if (value === null) return null;
  if (isServerValue(value)) return leaf(resolveServerValue(value, context.now, context.current), priority);
  if (typeof value === 'object') throw badRequest('Invalid data; ".value" must be a primitive.');
  return leaf(value, priority);
}

function leaf(value, priority) {
  if (typeof value === 'string') checkString(value);
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw badRequest('Invalid data; number is out of range.');
  }
  return new Leaf(value, priority);
}

function priorityOf(priority, now) {
  if (priority === undefined || priority === null) return null;
  if (isServerValue(priority)) return resolveServerValue(priority, now, null);
  if (typeof priority !== 'string' && typeof priority !== 'number') {
    throw badRequest('Invalid data; ".priority" must be a string or a number.');
  }
  return priority;
}

/** Returns JSON for a reader: without priorities, and with lists as arrays. */
export function jsonFromNode(node) {
  if (node === null) return null;
  if (node instanceof Leaf) return node.value;
  const entries = [...childEntries(node)].map(([key, child]) => [key, jsonFromNode(child)]);
  return looksLikeArray(entries) ? toArray(entries) : objectOf(entries);
}

/** Returns lossless JSON (`format=export`, the wire protocol, the data file). */
export function exportNode(node) {
  if (node === null) return null;
  if (node instanceof Leaf) {
    return node.priority === null ? node.value : { '.value': node.value, '.priority': node.priority };
  }
  const entries = [];
  for (const [key, child] of childEntries(node)) entries.push([key, exportNode(child)]);
  if (node.priority !== null) entries.push(['.priority', node.priority]);
  return objectOf(entries);
}

/** A key may be `__proto__`: `fromEntries` defines it like any other property. */
const objectOf = (entries) => Object.fromEntries(entries);

const INDEX = /^(0|[1-9]\d*)$/;

/** Returns whether all keys are indexes and more than half of the indexes are in use. */
function looksLikeArray(entries) {
  if (!entries.every(([key]) => INDEX.test(key))) return false;
  return Number(entries.at(-1)[0]) < entries.length * 2;
}

function toArray(entries) {
  const array = new Array(Number(entries.at(-1)[0]) + 1).fill(null);
  for (const [key, value] of entries) array[Number(key)] = value;
  return array;
}
