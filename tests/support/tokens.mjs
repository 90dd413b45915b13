// Access tokens as simplejwt makes them, and the means to make them wrong.

import { createHmac, createSign, randomUUID } from 'node:crypto';

import { JWT_SECRET } from './settings.mjs';

const HASHES = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

export const now = () => Math.floor(Date.now() / 1000);

/** Bytes and texts as they are, all else as JSON. */
export const base64url = (value) =>
  Buffer.from(Buffer.isBuffer(value) || typeof value === 'string' ? value : JSON.stringify(value)).toString(
    'base64url',
  );

/** The claims of simplejwt's access token, with `changes`; one that is undefined is left out. */
export const claims = (userId, changes = {}) => ({
  token_type: 'access',
  exp: now() + 3600,
  iat: now(),
  jti: randomUUID().replaceAll('-', ''),
  user_id: userId,
  ...changes,
});

/** The signature of `text`; for RS256 `secret` is a private key. */
const signature = (text, { secret, alg }) =>
  alg === 'RS256'
    ? createSign('sha256').update(text).sign(secret, 'base64url')
    : createHmac(HASHES[alg], secret).update(text).digest('base64url');

/**
 * A signed token; `payload` may be any JSON value, or bytes or a text that are no JSON. `header` changes what the token
 * says of itself, `alg` how it is signed.
 */
export function sign(payload, { secret = JWT_SECRET, alg = 'HS256', header = {} } = {}) {
  const text = `${base64url({ alg, typ: 'JWT', ...header })}.${base64url(payload)}`;
  return `${text}.${signature(text, { secret, alg })}`;
}

export const accessToken = (userId, changes) => sign(claims(userId, changes));

/** What the platform's own backend calls with. */
export const platformToken = (changes) => sign({ aud: 'chat-events', exp: now() + 60, ...changes });
