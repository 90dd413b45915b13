import BTreeModule from 'sorted-btree';
import { compareKeys } from './ordering.mjs';

const BTree = BTreeModule.default;

/**
 * The data, as an immutable tree. A write creates a new root that shares all unchanged nodes with the old
 * one: rules can compare both, and listeners detect changes by identity. Children are in key order in a
 * B-tree whose copies also share nodes, so a write among 100,000 rooms copies a few small arrays.
 * No data is `null`, never an empty node.
 */
export class Leaf {
  constructor(value, priority = null) {
    this.value = value;
    this.priority = priority;
  }
}

export class Branch {
  constructor(children, priority = null) {
    this.children = children;
    this.priority = priority;
  }

  /** Creates a node from children in any order; null without children. */
  static of(entries, priority = null) {
    const children = new BTree(undefined, compareKeys);
    for (const [key, node] of entries) if (node !== null) children.set(key, node);
    return children.size === 0 ? null : new Branch(children, priority);
  }

  /** Returns a copy in which the child `key` is `node`. */
  with(key, node) {
    const children = this.children.clone();
    if (node === null) children.delete(key);
    else children.set(key, node);
    return children.size === 0 ? null : new Branch(children, this.priority);
  }
}

export function childOf(node, key) {
  return node instanceof Branch ? (node.children.get(key) ?? null) : null;
}

export function nodeAt(node, path) {
  for (const key of path) {
    if (node === null) return null;
    node = childOf(node, key);
  }
  return node;
}

/** Returns a tree with `node` at `path`. As in the real service, this replaces a leaf above `path`. */
export function withNodeAt(root, path, node, depth = 0) {
  if (depth === path.length) return node;
  const key = path[depth];
  const child = withNodeAt(childOf(root, key), path, node, depth + 1);
  if (root instanceof Branch) return root.with(key, child);
  return child === null ? root : Branch.of([[key, child]]);
}

export const childEntries = (node) => (node instanceof Branch ? node.children.entries() : []);
