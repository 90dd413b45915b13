// Known ways to forge a token, for a service that accepts one algorithm.

import { createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';

import { base64url, sign } from './tokens.mjs';

const HMACS = ['HS256', 'HS384', 'HS512'];

/**
 * Returns tokens that must be rejected, by what is wrong with them.
 *
 * @param good       claims that are accepted
 * @param alg        the algorithm of the service
 * @param secret     the key that signs valid tokens
 * @param publicKey  for RS256 the public key in PEM, which attackers may know
 */
export function forgeries(good, { alg, secret, publicKey }) {
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = stranger.publicKey.export({ format: 'jwk' });
  const rs256 = (header) => sign(good, { alg: 'RS256', secret: stranger.privateKey, header });
  const hmac = alg === 'RS256' ? 'HS256' : alg;
  const signed = sign(good, { alg, secret });
  const [head, body, signature] = signed.split('.');
  const unsigned = (name) => `${base64url({ alg: name, typ: 'JWT' })}.${body}.`;

  const tokens = {
    'not a JWT': 'abc',
    'two dots': '..',
    'two parts': `${head}.${body}`,
    'four parts': `${signed}.e30`,
    'an empty signature': `${head}.${body}.`,
    'a truncated signature': signed.slice(0, -10),
    'a signature of other bytes': `${head}.${body}.${'A'.repeat(signature.length)}`,
    'the signature of another token': `${head}.${base64url({ ...good, user_id: randomUUID() })}.${signature}`,
    'alg none': unsigned('none'),
    'alg None': unsigned('None'),
    'alg NONE': unsigned('NONE'),
    'alg none with a good signature': sign(good, { alg, secret, header: { alg: 'none' } }),
    'no alg': sign(good, { alg, secret, header: { alg: undefined } }),
    'alg in lower case': sign(good, { alg, secret, header: { alg: alg.toLowerCase() } }),
    'a good signature that says ES256': sign(good, { alg, secret, header: { alg: 'ES256' } }),
    'RS256 with another key': rs256({}),
    'RS256 with the key in the header': rs256({ jwk }),
    'RS256 with the URL of the key': rs256({ jku: 'http://127.0.0.1:1/keys', x5u: 'http://127.0.0.1:1/cert' }),
    'a secret in the header': sign(good, {
      alg: hmac,
      secret: 'mine',
      header: { jwk: { kty: 'oct', k: base64url('mine') } },
    }),
    'kid that points to an empty file': sign(good, { alg: hmac, secret: '', header: { kid: '../../../../dev/null' } }),
    'kid with SQL in it': sign(good, { alg: hmac, secret: 'x', header: { kid: "' UNION SELECT 'x' -- " } }),
  };
  const guesses = {
    'the empty key': '',
    'a blank key': ' ',
    'a key of one character': 'x',
    'the word null': 'null',
    'the word undefined': 'undefined',
    'a key of zero bytes': Buffer.alloc(32),
    'the name of the setting': 'jwt_secret',
    'another key': 'another-secret-that-is-long-enough-for-any-of-the-three-algorithms',
    'another public key': stranger.publicKey.export({ type: 'spki', format: 'pem' }),
  };
  if (publicKey) {
    // A service that uses the public key as an HMAC key accepts tokens that anybody can sign.
    const pkcs1 = createPublicKey(publicKey).export({ type: 'pkcs1', format: 'pem' });
    Object.assign(guesses, {
      'our public key': publicKey,
      'our public key without the last line feed': publicKey.trim(),
      'our public key in PKCS#1': pkcs1,
      'our public key in DER': createPublicKey(publicKey).export({ type: 'spki', format: 'der' }),
    });
  }
  for (const [name, guess] of Object.entries(guesses)) {
    for (const other of HMACS) {
      tokens[`${other} with ${name}`] = sign(good, { alg: other, secret: guess });
      if (other !== alg) {
        tokens[`${other} with ${name}, said to be ${alg}`] = sign(good, { alg: other, secret: guess, header: { alg } });
      }
    }
  }
  if (!publicKey) {
    for (const other of HMACS.filter((name) => name !== alg)) {
      tokens[`${other} with our secret`] = sign(good, { alg: other, secret });
      tokens[`${other} with our secret, said to be ${alg}`] = sign(good, { alg: other, secret, header: { alg } });
    }
  }
  return tokens;
}
