import { badRequest } from '../errors.mjs';
import { Leaf } from './tree.mjs';

/** Placeholders that the server replaces: `{".sv": "timestamp"}`, `{".sv": {"increment": 1}}`. */
export const isServerValue = (json) => typeof json === 'object' && json !== null && Object.hasOwn(json, '.sv');

export function resolveServerValue(json, now, current) {
  const value = json['.sv'];
  if (value === 'timestamp') return now;
  if (typeof value?.increment === 'number') {
    const before = current instanceof Leaf && typeof current.value === 'number' ? current.value : 0;
    return before + value.increment;
  }
  throw badRequest('Invalid data; unknown server value.');
}
