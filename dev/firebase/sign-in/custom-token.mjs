import { decodeJwt, isSignedBy } from './jwt.mjs';

/** https://firebase.google.com/docs/auth/admin/create-custom-tokens */
const AUDIENCE = 'https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit';
const LONGEST_LIFE = 3600;
const CLOCK_SKEW = 300;
const LONGEST_UID = 128;

/** Returns `{uid, claims}` of a valid custom token, otherwise `{problem}` with Identity Toolkit's text. */
export function checkCustomToken(token, account) {
  if (!token) return { problem: 'MISSING_CUSTOM_TOKEN' };
  const decoded = decodeJwt(token);
  if (decoded === null) return invalid('Invalid assertion format. 3 dot separated segments required.');
  const { iss, sub, aud, iat, exp, uid, claims = {} } = decoded.claims;
  if (aud !== AUDIENCE) return invalid('Invalid audience.');
  if (iss !== account.email) return { problem: 'CREDENTIAL_MISMATCH' };
  if (sub !== iss) return invalid('"iss" and "sub" must be the same.');
  if (!isSignedBy(token, account.publicKey)) return invalid('Invalid JWT signature.');
  if (typeof uid !== 'string' || uid.length === 0 || uid.length > LONGEST_UID) {
    return invalid('The "uid" must be a string of 1 to 128 characters.');
  }
  const now = Date.now() / 1000;
  if (!Number.isInteger(iat) || !Number.isInteger(exp)) return invalid('"iat" and "exp" must be seconds.');
  if (iat > now + CLOCK_SKEW) return invalid('The token is issued in the future.');
  if (exp <= now) return invalid('The token is expired.');
  if (exp - iat > LONGEST_LIFE) return invalid('The token must expire within one hour.');
  if (typeof claims !== 'object' || claims === null) return invalid('"claims" must be an object.');
  return { uid, claims };
}

const invalid = (why) => ({ problem: `INVALID_CUSTOM_TOKEN : ${why}` });
