import { randomInt } from 'node:crypto';

/** Creates keys for POST: 8 characters of time and 12 random ones, so that keys sort by creation time. */
const ALPHABET = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';

export function pushId(now = Date.now()) {
  let id = '';
  for (let i = 0; i < 8; i++) {
    id = ALPHABET[now % 64] + id;
    now = Math.floor(now / 64);
  }
  for (let i = 0; i < 12; i++) id += ALPHABET[randomInt(64)];
  return id;
}
