import { badRequest } from '../errors.mjs';

/** Returns the URL of a request. The host is irrelevant here. */
export function urlOf({ url: target }) {
  if (!target.startsWith('/')) throw badRequest('The request does not name a path.');
  return new URL(`http://stand-in${target}`);
}
