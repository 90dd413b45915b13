import { signJwt } from '../sign-in/jwt.mjs';

export const seconds = () => Math.floor(Date.now() / 1000);

/** A custom token as the backend signs it; `claims` to spoil one, undefined to leave one out. */
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

/** The assertion that a service account trades for an access token. */
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
