import { signJwt } from '../sign-in/jwt.mjs';

export const seconds = () => Math.floor(Date.now() / 1000);

/** Signs a custom token as the backend does. `claims` replaces claims; undefined omits one. */
export function customToken(account, uid, claims = {}) {
  const now = seconds();
  return signJwt(
    {
      iss: account.client_email,
      sub: account.client_email,
      aud: 'https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit',
      iat: now,
      exp: now + 3600,
      uid,
      ...claims,
    },
    account.private_key,
  );
}

/** Signs the assertion that a service account exchanges for an access token. */
export function assertion(account, claims = {}) {
  const now = seconds();
  return signJwt(
    {
      iss: account.client_email,
      aud: account.token_uri,
      scope: 'https://www.googleapis.com/auth/firebase.database https://www.googleapis.com/auth/userinfo.email',
      iat: now,
      exp: now + 3600,
      ...claims,
    },
    account.private_key,
  );
}
