import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'smol-toml';

/**
 * The routes of the workspace, from where `cargo lambda watch` has them too: the root Cargo.toml. (A test holds that
 * they are the template's.)
 *
 * @returns {Promise<Routes>}
 */
export async function readRoutes(root) {
  const manifest = parse(await readFile(join(root, 'Cargo.toml'), 'utf8'));
  return new Routes(manifest.workspace.metadata.lambda.watch.router);
}

export class Routes {
  #routes;

  constructor(router) {
    this.#routes = Object.entries(router).map(([path, methods]) => ({ ...pattern(path), methods }));
    // A fixed segment goes before a parameter: `rooms/unread_count` is no room.
    this.#routes.sort((a, b) => a.names.length - b.names.length);
  }

  /** The resource that a path belongs to, and the function for each of its methods. */
  find(path) {
    for (const { resource, expression, names, methods } of this.#routes) {
      const match = expression.exec(path);
      if (match) return { resource, parameters: parameters(names, match), methods: Object.fromEntries(methods.map((m) => [m.method, m.function])) };
    }
    return undefined;
  }
}

function pattern(path) {
  const names = [...path.matchAll(/{(\w+)}/g)].map(([, name]) => name);
  const expression = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/{\w+}/g, '([^/]+)');
  return { resource: path, expression: new RegExp(`^${expression}$`), names };
}

function parameters(names, match) {
  return names.length === 0 ? null : Object.fromEntries(names.map((name, index) => [name, decoded(match[index + 1])]));
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
