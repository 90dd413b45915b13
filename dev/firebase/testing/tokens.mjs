import { signJwt } from '../sign-in/jwt.mjs';

export const seconds = () => Math.floor(Date.now() / 1000);

/** Returns a custom token as the backend signs it. `claims` replaces claims; undefined omits one. */
export function customToken(account, uid, claims = {}) {
  return sign(account, {
    sub: account.client_email,
    aud: 'https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit',
    uid,
    ...claims,
  });
}

/** Returns the assertion that a service account exchanges for an access token. */
export function assertion(account, claims = {}) {
  return sign(account, {
    aud: account.token_uri,
    scope: 'https://www.googleapis.com/auth/firebase.database https://www.googleapis.com/auth/userinfo.email',
    ...claims,
  });
}

/** Signs claims that are valid for an hour as the service account does. */
function sign(account, claims) {
  const now = seconds();
  return signJwt({ iss: account.client_email, iat: now, exp: now + 3600, ...claims }, account.private_key);
}
