import { createPrivateKey, createPublicKey } from 'node:crypto';
import { json } from '../http/answers.mjs';
import { unauthorized } from '../errors.mjs';
import { decodeJwt, isSignedBy, signJwt } from './jwt.mjs';
import { checkCustomToken } from './custom-token.mjs';

/**
 * The parts of Identity Toolkit and Secure Token that a sign-in with a custom token needs. A session is
 * stored in its tokens alone, so it survives a restart if the key does.
 */
export class Identity {
  #account;
  #privateKey;
  #publicKey;
  #life;

  /** `signingKey`: PEM of the key for ID tokens. `lifeSeconds`: their lifetime. */
  constructor(account, { signingKey, lifeSeconds = 3600 }) {
    this.#account = account;
    this.#privateKey = createPrivateKey(signingKey);
    this.#publicKey = createPublicKey(this.#privateKey);
    this.#life = lifeSeconds;
  }

  /**
   * Responds to paths below the names of the two hosts, as the SDKs request them from an Auth emulator.
   * Returns null for other paths.
   */
  answer({ method, url, headers, body }) {
    const action = ACTIONS[url.pathname];
    if (action === undefined) return null;
    if (method !== 'POST') return json(405, { error: { code: 405, message: 'METHOD_NOT_ALLOWED' } });
    try {
      return json(200, this[action](parseForm(headers, body)));
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      return json(400, error.body);
    }
  }

  signInWithCustomToken({ token }) {
    const { uid, claims, problem } = checkCustomToken(token, this.#account);
    if (problem !== undefined) throw new IdentityError(problem);
    return {
      kind: 'identitytoolkit#VerifyCustomTokenResponse',
      ...this.#session({ uid, claims, authTime: seconds() }),
      isNewUser: false,
    };
  }

  /** Users exist in their tokens only, so nothing is deleted. The token must still identify a user. */
  remove({ idToken }) {
    if (this.#claimsOf(idToken) === null) throw new IdentityError('INVALID_ID_TOKEN');
    return { kind: 'identitytoolkit#DeleteAccountResponse' };
  }

  lookUp({ idToken }) {
    const claims = this.#claimsOf(idToken);
    if (claims === null || claims.use !== undefined) throw new IdentityError('INVALID_ID_TOKEN');
    if (claims.exp <= seconds()) throw new IdentityError('TOKEN_EXPIRED');
    const signedIn = String(claims.auth_time * 1000);
    return {
      kind: 'identitytoolkit#GetAccountInfoResponse',
      users: [
        { localId: claims.sub, customAuth: true, createdAt: signedIn, lastLoginAt: signedIn, providerUserInfo: [] },
      ],
    };
  }

  refresh({ grant_type: grantType, refresh_token: refreshToken }) {
    if (grantType !== 'refresh_token') throw new IdentityError('INVALID_GRANT_TYPE');
    if (!refreshToken) throw new IdentityError('MISSING_REFRESH_TOKEN');
    const session = this.#claimsOf(refreshToken);
    if (session?.use !== 'refresh') throw new IdentityError('INVALID_REFRESH_TOKEN');
    const { idToken } = this.#session(session);
    return {
      access_token: idToken,
      id_token: idToken,
      refresh_token: refreshToken,
      expires_in: String(this.#life),
      token_type: 'Bearer',
      user_id: session.uid,
      project_id: this.#account.projectId,
    };
  }

  /**
   * Returns `{claims, expiresAt}` (ms) of an ID token.
   * @throws {RequestError} 401 with the database's text
   */
  verifyIdToken(token, { unsigned = false } = {}) {
    const decoded = decodeJwt(token);
    const isMock = unsigned && decoded?.header.alg === 'none' && typeof decoded.claims.sub === 'string';
    // Mock tokens are dated 1970 and never expire.
    if (isMock) return { claims: decoded.claims };
    const claims = this.#claimsOf(token);
    if (claims === null || claims.use !== undefined) throw unauthorized('Could not parse auth token.');
    if (claims.exp <= seconds()) throw unauthorized('Auth token is expired');
    return { claims, expiresAt: claims.exp * 1000 };
  }

  #session({ uid, claims, authTime }) {
    const now = seconds();
    const { projectId } = this.#account;
    const idToken = this.#sign({
      ...claims,
      iss: `https://securetoken.google.com/${projectId}`,
      aud: projectId,
      auth_time: authTime,
      user_id: uid,
      sub: uid,
      iat: now,
      exp: now + this.#life,
      firebase: { identities: {}, sign_in_provider: 'custom' },
    });
    const refreshToken = this.#sign({ use: 'refresh', uid, claims, authTime });
    return { idToken, refreshToken, expiresIn: String(this.#life) };
  }

  #sign(claims) {
    return signJwt(claims, this.#privateKey, { kid: 'stand-in' });
  }

  #claimsOf(token) {
    return isSignedBy(token, this.#publicKey) ? decodeJwt(token).claims : null;
  }
}

const ACTIONS = {
  '/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken': 'signInWithCustomToken',
  '/identitytoolkit.googleapis.com/v1/accounts:delete': 'remove',
  '/identitytoolkit.googleapis.com/v1/accounts:lookup': 'lookUp',
  '/securetoken.googleapis.com/v1/token': 'refresh',
};

class IdentityError extends Error {
  get body() {
    const { message } = this;
    return { error: { code: 400, message, errors: [{ message, domain: 'global', reason: 'invalid' }] } };
  }
}

const seconds = () => Math.floor(Date.now() / 1000);

function parseForm(headers, body) {
  const text = body.toString();
  if (!/json/.test(headers['content-type'] ?? '')) return Object.fromEntries(new URLSearchParams(text));
  try {
    return JSON.parse(text) ?? {};
  } catch {
    throw new IdentityError('INVALID_JSON_PAYLOAD');
  }
}
