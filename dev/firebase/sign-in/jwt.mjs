import { createSign, createVerify } from 'node:crypto';

/** JSON Web Tokens, RS256. */

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

export function signJwt(claims, privateKey, header = {}) {
  const content = `${encode({ alg: 'RS256', typ: 'JWT', ...header })}.${encode(claims)}`;
  return `${content}.${createSign('RSA-SHA256').update(content).sign(privateKey, 'base64url')}`;
}

/** Returns header and claims of a JWT without any check; null if the text is not one. */
export function decodeJwt(token) {
  const parts = String(token).split('.');
  if (parts.length !== 3) return null;
  try {
    const [header, claims] = parts.slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
    return isObject(header) && isObject(claims) ? { header, claims } : null;
  } catch {
    return null;
  }
}

/** Returns whether the key of `publicKey` has signed it with RS256. */
export function isSignedBy(token, publicKey) {
  if (decodeJwt(token)?.header.alg !== 'RS256') return false;
  const [header, claims, signature] = token.split('.');
  return createVerify('RSA-SHA256').update(`${header}.${claims}`).verify(publicKey, signature, 'base64url');
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
