import { badRequest } from '../errors.mjs';

/** Returns the request's URL; the host is irrelevant. */
export function urlOf({ url: target }) {
  if (!target.startsWith('/')) throw badRequest('The request does not name a path.');
  return new URL(`http://stand-in${target}`);
}
