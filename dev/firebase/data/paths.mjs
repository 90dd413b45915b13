import { badRequest } from '../errors.mjs';
import { checkDepth, checkKey } from './limits.mjs';

/** A path is an array of keys. The root is the empty array. */
export function parsePath(text) {
  const keys = text.split('/').filter((key) => key !== '');
  for (const key of keys) {
    try {
      checkKey(key);
    } catch {
      throw badRequest('Invalid path: Invalid token in path');
    }
  }
  checkDepth(keys.length);
  return keys;
}

/** Returns the path in a REST URL: `/chats/a%20b.json` is `['chats', 'a b']`. */
export function parseUrlPath(pathname) {
  let text;
  try {
    text = decodeURIComponent(pathname.slice(0, -'.json'.length));
  } catch {
    throw badRequest('Invalid path: Invalid percent-encoding');
  }
  return parsePath(text);
}

export const formatPath = (path) => `/${path.join('/')}`;

export const isPrefix = (prefix, path) => prefix.length <= path.length && prefix.every((key, i) => key === path[i]);

/** Rejects overlapping paths: a multi-path write must not contain a path and another one below it. */
export function refuseOverlap(paths) {
  const sorted = paths.map((path) => path.join('/') + '/').sort();
  for (let i = 1; i < sorted.length; i++) {
    if (sorted[i].startsWith(sorted[i - 1])) {
      throw badRequest(
        `Invalid data; path /${sorted[i - 1].slice(0, -1)} is an ancestor of /${sorted[i].slice(0, -1)} in the same update.`,
      );
    }
  }
}
