import BTreeModule from 'sorted-btree';
import { compareKeys } from './ordering.mjs';

const BTree = BTreeModule.default;

/**
 * The data: an immutable tree. A write creates a new root that shares unchanged nodes with the old
 * one, so rules can read both and listeners can detect changes by identity. Children are in key order
 * in a B-tree whose copies share nodes too: a write among 100,000 rooms copies a few small arrays.
 *
 * The absence of data is `null`, never an empty node.
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

  /** Creates a node from children in any order, or null without children. */
  static of(entries, priority = null) {
    const children = new BTree(undefined, compareKeys);
    for (const [key, node] of entries) if (node !== null) children.set(key, node);
    return children.size === 0 ? null : new Branch(children, priority);
  }

  /** Returns a copy in which `key` is `node`. */
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

/** Returns a tree in which `path` is `node`. A leaf above `path` is replaced, as in the real service. */
export function withNodeAt(root, path, node, depth = 0) {
  if (depth === path.length) return node;
  const key = path[depth];
  const child = withNodeAt(childOf(root, key), path, node, depth + 1);
  if (root instanceof Branch) return root.with(key, child);
  return child === null ? root : Branch.of([[key, child]]);
}

export const childEntries = (node) => (node instanceof Branch ? node.children.entries() : []);
