import { createHmac, randomUUID } from 'node:crypto';

const LIFE_SECONDS = 30 * 24 * 3600;

/** Returns an access token as the platform's simplejwt issues it, but valid for a month. */
export function accessToken(userId, secret, now = Date.now()) {
  const iat = Math.floor(now / 1_000);
  const claims = { token_type: 'access', exp: iat + LIFE_SECONDS, iat, jti: randomUUID().replaceAll('-', ''), user_id: userId };
  return sign(claims, secret);
}

/** Returns a token of the platform's backend, valid for a month. */
export const platformToken = (secret, now = Date.now()) =>
  sign({ aud: 'chat-events', exp: Math.floor(now / 1_000) + LIFE_SECONDS }, secret);

function sign(claims, secret) {
  const signed = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const base64url = (json) => Buffer.from(JSON.stringify(json)).toString('base64url');
