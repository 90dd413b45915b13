/** Items by path. Finds those that a write at a path affects: above, at and below it. */
export class PathIndex {
  #root = newNode();

  add(path, item) {
    let node = this.#root;
    for (const key of path) {
      if (!node.children.has(key)) node.children.set(key, newNode());
      node = node.children.get(key);
    }
    node.items.add(item);
  }

  delete(path, item, depth = 0, node = this.#root) {
    if (depth === path.length) {
      node.items.delete(item);
      return;
    }
    const child = node.children.get(path[depth]);
    if (child === undefined) return;
    this.delete(path, item, depth + 1, child);
    if (child.items.size === 0 && child.children.size === 0) node.children.delete(path[depth]);
  }

  *touching(path) {
    let node = this.#root;
    for (const key of path) {
      yield* node.items;
      node = node.children.get(key);
      if (node === undefined) return;
    }
    yield* everythingIn(node);
  }
}

const newNode = () => ({ items: new Set(), children: new Map() });

function* everythingIn(node) {
  yield* node.items;
  for (const child of node.children.values()) yield* everythingIn(child);
}
