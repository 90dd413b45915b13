import { badRequest } from '../errors.mjs';

/** The URL a request asks for; of which host does not matter here. */
export function urlOf({ url: target }) {
  if (!target.startsWith('/')) throw badRequest('The request does not name a path.');
  return new URL(`http://stand-in${target}`);
}
