import { isPrefix } from './paths.mjs';
import { childEntries, childOf, nodeAt } from './tree.mjs';

/**
 * A listener at a path, for all of its data or the result of a query. It converts a write into the events
 * that update the listener's copy:
 *   {kind: 'put', path, node}      replaces the data at `path`
 *   {kind: 'merge', path, nodes}   replaces several nodes below `path`; pairs of a relative path and a node
 */
export class Listener {
  /** The paths on which its permission to read depends. The database sets them. */
  grants = [];

  constructor({ path, query, caller, onChange, onRevoke }) {
    Object.assign(this, { path, query, caller, onChange, onRevoke });
  }

  tell({ base, changes, before, after }) {
    const events =
      this.query === null ? this.#eventsOfAll(base, changes, after) : this.#eventsOfSelection(before, after);
    for (const event of events) this.onChange(event);
  }

  #eventsOfAll(base, changes, after) {
    if (changes.some(({ path }) => isPrefix(path, this.path))) {
      return [{ kind: 'put', path: this.path, node: nodeAt(after, this.path) }];
    }
    const mine = changes.filter(({ path }) => isPrefix(this.path, path));
    if (mine.length === 1) return [{ kind: 'put', ...mine[0] }];
    // One event per write, so that an atomic write is also seen atomically.
    const top = isPrefix(this.path, base) ? base : this.path;
    const nodes = mine.map(({ path, node }) => [path.slice(top.length), node]);
    return [{ kind: 'merge', path: top, nodes }];
  }

  #eventsOfSelection(before, after) {
    const [old, now] = [before, after].map((root) => this.query.select(nodeAt(root, this.path)));
    if (old === now) return [];
    const gone = [...childEntries(old)].filter(([key]) => childOf(now, key) === null).map(([key]) => [[key], null]);
    const changed = [...childEntries(now)].filter(([key, node]) => childOf(old, key) !== node);
    const nodes = [...gone, ...changed.map(([key, node]) => [[key], node])];
    return nodes.length === 0 ? [] : [{ kind: 'merge', path: this.path, nodes }];
  }
}
