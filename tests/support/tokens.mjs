// Makes access tokens as simplejwt does, and invalid ones.

import { createHmac, createSign, randomUUID } from 'node:crypto';

import { JWT_SECRET } from './settings.mjs';

const HASHES = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

export const now = () => Math.floor(Date.now() / 1000);

/** Encodes bytes and strings as they are, and other values as JSON. */
export const base64url = (value) =>
  Buffer.from(Buffer.isBuffer(value) || typeof value === 'string' ? value : JSON.stringify(value)).toString(
    'base64url',
  );

/** Returns the claims of simplejwt's access token with `changes`. A claim that is undefined is omitted. */
export const claims = (userId, changes = {}) => ({
  token_type: 'access',
  exp: now() + 3600,
  iat: now(),
  jti: randomUUID().replaceAll('-', ''),
  user_id: userId,
  ...changes,
});

/** Returns the signature of `text`; for RS256 `secret` is a private key. */
const signature = (text, { secret, alg }) =>
  alg === 'RS256'
    ? createSign('sha256').update(text).sign(secret, 'base64url')
    : createHmac(HASHES[alg], secret).update(text).digest('base64url');

/**
 * Returns a signed token. `payload` is any JSON value, or bytes or a string that is not JSON. `header` changes fields
 * of the token's header; `alg` selects the signing algorithm.
 */
export function sign(payload, { secret = JWT_SECRET, alg = 'HS256', header = {} } = {}) {
  const text = `${base64url({ alg, typ: 'JWT', ...header })}.${base64url(payload)}`;
  return `${text}.${signature(text, { secret, alg })}`;
}

export const accessToken = (userId, changes) => sign(claims(userId, changes));

/** Returns a token of the platform's backend. */
export const platformToken = (changes) => sign({ aud: 'chat-events', exp: now() + 60, ...changes });
