// Every known way to forge a token, for a service whose tokens are of one algorithm.

import { createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';

import { base64url, sign } from './tokens.mjs';

const HMACS = ['HS256', 'HS384', 'HS512'];

/**
 * Tokens that must be rejected, by what is wrong with them.
 *
 * @param good       the claims that would be accepted
 * @param alg        the algorithm of the service
 * @param secret     what good tokens are signed with
 * @param publicKey  for RS256 the public key in PEM, which everybody may know
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
    'no JWT at all': 'abc',
    'two dots': '..',
    'one part too few': `${head}.${body}`,
    'one part too many': `${signed}.e30`,
    'a signature that is cut off': `${head}.${body}.`,
    'a signature that is cut short': signed.slice(0, -10),
    'a signature of other bytes': `${head}.${body}.${'A'.repeat(signature.length)}`,
    'the signature of another token': `${head}.${base64url({ ...good, user_id: randomUUID() })}.${signature}`,
    'alg none': unsigned('none'),
    'alg None': unsigned('None'),
    'alg NONE': unsigned('NONE'),
    'alg none with a good signature': sign(good, { alg, secret, header: { alg: 'none' } }),
    'no alg': sign(good, { alg, secret, header: { alg: undefined } }),
    'alg in lower case': sign(good, { alg, secret, header: { alg: alg.toLowerCase() } }),
    'a good signature that says ES256': sign(good, { alg, secret, header: { alg: 'ES256' } }),
    'RS256 with a key of the forger': rs256({}),
    'RS256 with the key in the header': rs256({ jwk }),
    'RS256 with the address of the key': rs256({ jku: 'http://127.0.0.1:1/keys', x5u: 'http://127.0.0.1:1/cert' }),
    'a secret of its own in the header': sign(good, {
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
    'a key of one letter': 'x',
    'the word null': 'null',
    'the word undefined': 'undefined',
    'a key of zero bytes': Buffer.alloc(32),
    'the name of the setting': 'jwt_secret',
    'another key': 'another-secret-that-is-long-enough-for-any-of-the-three-algorithms',
    'a public key of the forger': stranger.publicKey.export({ type: 'spki', format: 'pem' }),
  };
  if (publicKey) {
    // Whoever treats the public key as an HMAC key lets everybody sign.
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
