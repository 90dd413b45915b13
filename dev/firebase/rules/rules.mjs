import parser from 'targaryen/lib/parser/index.js';
import { create as ruleQuery } from 'targaryen/lib/database/query.js';
import targaryen from 'targaryen';
import { RuleSnapshot } from './rule-snapshot.mjs';
import { badRequest } from '../errors.mjs';

/**
 * The rules of a database. targaryen parses and evaluates the expressions. The traversal of the tree is our
 * own, because targaryen's copies every sibling of every written key at every level.
 */
export class Rules {
  #root;

  /** @throws {RequestError} 400 if the real service would not deploy `source` */
  constructor(source) {
    try {
      targaryen.ruleset(source);
      this.#root = compile(source.rules, []);
    } catch (error) {
      throw badRequest(`Invalid rules: ${error.message}`);
    }
    this.source = source;
  }

  /** `seen`, if given, receives the paths on which the result depends. */
  mayRead(path, { root, auth, now, query = null, seen = null }) {
    const top = new RuleSnapshot(root, { seen });
    const state = { auth, now, root: top, query: ruleQuery(query?.forRules) };
    for (const { node, variables, key } of this.#along(path)) {
      state.data = key === null ? top : state.data.at(key);
      if (node.read !== null && holds(node.read, { ...state, ...variables })) return true;
    }
    return false;
  }

  /** Returns whether `path` may change from its data in `before` to its data in `after`. */
  mayWrite(path, { before, after, auth, now }) {
    const root = new RuleSnapshot(before);
    const newRoot = new RuleSnapshot(after);
    const state = { auth, now, root };
    let granted = false;
    let last = null;
    let depth = -1;
    for (const { node, variables, key } of this.#along(path)) {
      state.data = key === null ? root : state.data.at(key);
      state.newData = key === null ? newRoot : state.newData.at(key);
      if (!granted && node.write !== null) granted = holds(node.write, { ...state, ...variables });
      if (!isValid(node, state, variables)) return false;
      last = { node, variables };
      depth++;
    }
    return granted && (depth < path.length || isValidBelow(last, state));
  }

  /** Returns whether a query by `index` at `path` has an index (`.indexOn`). */
  isIndexed(path, index) {
    if (index === '.key' || index === '.priority') return true;
    const steps = [...this.#along(path)];
    return steps.length > path.length && steps.at(-1).node.indexes.has(index);
  }

  /** Yields the rule nodes from the root down to `path`, as far as they exist. */
  *#along(path) {
    let node = this.#root;
    let variables = {};
    yield { node, variables, key: null };
    for (const key of path) {
      [node, variables] = stepInto(node, variables, key);
      if (node === null) return;
      yield { node, variables, key };
    }
  }
}

function compile(source, wildcards) {
  const expression = (kind, isWrite) =>
    source[kind] === undefined ? null : parser.parse(String(source[kind]), wildcards, isWrite);
  const node = {
    read: expression('.read', false),
    write: expression('.write', true),
    validate: expression('.validate', true),
    indexes: new Set([source['.indexOn'] ?? []].flat()),
    children: new Map(),
    wildcard: null,
  };
  for (const key of Object.keys(source).filter((name) => !name.startsWith('.'))) {
    if (key.startsWith('$')) node.wildcard = { name: key, node: compile(source[key], [...wildcards, key]) };
    else node.children.set(key, compile(source[key], wildcards));
  }
  return node;
}

function stepInto(node, variables, key) {
  const named = node.children.get(key);
  if (named !== undefined) return [named, variables];
  if (node.wildcard === null) return [null, variables];
  return [node.wildcard.node, { ...variables, [node.wildcard.name]: key }];
}

/** A rule that throws (such as a comparison of a string with null) denies. */
function holds(rule, state) {
  try {
    return rule.evaluate(state) === true;
  } catch {
    return false;
  }
}

/** `.validate` does not apply to deletions. */
function isValid(node, state, variables) {
  return node.validate === null || !state.newData.exists() || holds(node.validate, { ...state, ...variables });
}

function isValidBelow({ node, variables }, state) {
  if (node.children.size === 0 && node.wildcard === null) return true;
  return state.newData.keys().every((key) => {
    const [child, childVariables] = stepInto(node, variables, key);
    if (child === null) return true;
    const below = { ...state, data: state.data.at(key), newData: state.newData.at(key) };
    return isValid(child, below, childVariables) && isValidBelow({ node: child, variables: childVariables }, below);
  });
}
