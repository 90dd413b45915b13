import { createHash } from 'node:crypto';
import { compareKeys, compareValues } from './ordering.mjs';
import { childEntries, Leaf } from './tree.mjs';

/**
 * Returns the hash that the SDKs compute over a node. It shows whether a transaction has seen the latest data, and
 * whether a reconnected listener has missed a change. ETags are derived from it.
 */
export function hashOf(node) {
  if (node === null) return '';
  let hash = known.get(node);
  if (hash === undefined) {
    hash = createHash('sha1').update(textOf(node)).digest('base64');
    known.set(node, hash);
  }
  return hash;
}

/** Nodes are immutable, so their hashes can be cached. */
const known = new WeakMap();

function textOf(node) {
  const priority = node.priority === null ? '' : `priority:${primitive(node.priority)}:`;
  if (node instanceof Leaf) return priority + primitive(node.value);
  return [...childEntries(node)]
    .sort(([k1, a], [k2, b]) => compareValues(a.priority, b.priority) || compareKeys(k1, k2))
    .reduce((text, [key, child]) => `${text}:${key}:${hashOf(child)}`, priority);
}

function primitive(value) {
  if (typeof value !== 'number') return `${typeof value}:${value}`;
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return `number:${bytes.toString('hex')}`;
}
