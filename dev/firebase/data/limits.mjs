import { badRequest } from '../errors.mjs';

/** Limits of the real service: https://firebase.google.com/docs/database/usage/limits */
const MAX_DEPTH = 32;
const MAX_KEY_BYTES = 768;
const MAX_STRING_BYTES = 10 * 1024 * 1024;
export const MAX_REST_WRITE_BYTES = 256 * 1024 * 1024;
export const MAX_SOCKET_WRITE_BYTES = 16 * 1024 * 1024;

const FORBIDDEN_IN_KEYS = /[.$#[\]/\u0000-\u001f\u007f]/;

export function checkKey(key) {
  if (key === '' || FORBIDDEN_IN_KEYS.test(key)) {
    throw badRequest(
      `Invalid data; couldn't parse key ${JSON.stringify(key)}. Key value can't be empty or contain $ # [ ] / or .`,
    );
  }
  // No key of 256 UTF-16 units can exceed 768 bytes, so the common case is not encoded.
  if (key.length > MAX_KEY_BYTES / 3 && Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw badRequest(`Invalid data; key is longer than ${MAX_KEY_BYTES} bytes.`);
  }
}

export function checkString(text) {
  if (text.length > MAX_STRING_BYTES / 3 && Buffer.byteLength(text) > MAX_STRING_BYTES) {
    throw badRequest('Invalid data; string is larger than 10MB.');
  }
}

export function checkDepth(depth) {
  if (depth > MAX_DEPTH) throw badRequest(`Invalid data; path is deeper than ${MAX_DEPTH} levels.`);
}
