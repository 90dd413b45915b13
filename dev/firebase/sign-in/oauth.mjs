import { randomBytes } from 'node:crypto';
import { decodeJwt, isSignedBy } from './jwt.mjs';
import { json } from '../http/answers.mjs';

/** Google's OAuth2 token endpoint for the service account's JWT-bearer assertion. */

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const scopes = (...names) => names.map((name) => `https://www.googleapis.com/auth/${name}`);
/** The scopes that a token needs for each service. */
const SCOPES_OF_DATABASE = scopes('firebase.database', 'userinfo.email');
const SCOPES_OF_MESSAGING = scopes('firebase.messaging');
const LONGEST_ASSERTION = 3600;
const CLOCK_SKEW = 300;

export class OAuth {
  #account;
  #life;
  #tokens = new Map();

  /** `lifeSeconds`: the lifetime of an access token. */
  constructor(account, { lifeSeconds = 3600 } = {}) {
    this.#account = account;
    this.#life = lifeSeconds;
  }

  /** `POST /token` */
  answer({ method, body }) {
    if (method !== 'POST') return json(405, { error: 'method_not_allowed' });
    const form = new URLSearchParams(body.toString());
    if (form.get('grant_type') !== GRANT_TYPE) return refuse('unsupported_grant_type', 'Invalid grant_type.');
    const assertion = form.get('assertion') ?? '';
    const problem = this.#problemOf(assertion);
    if (problem !== null) return refuse(...problem);
    return json(200, { access_token: this.#issue(scopesOf(decodeJwt(assertion).claims)), expires_in: this.#life, token_type: 'Bearer' });
  }

  /** Returns when (ms) this token expires for the database; null if it is invalid or was not issued here. */
  expiryOf(token) {
    return SCOPES_OF_DATABASE.every((scope) => this.isGoodFor(token, scope)) ? this.#tokens.get(token).expiry : null;
  }

  isGoodFor(token, scope) {
    const { expiry, scopes } = this.#tokens.get(token) ?? {};
    return expiry > Date.now() && scopes.includes(scope);
  }

  /** Revokes all tokens. */
  revoke() {
    this.#tokens.clear();
  }

  #problemOf(assertion) {
    const claims = decodeJwt(assertion)?.claims;
    if (claims === undefined) return ['invalid_grant', 'Bad Request'];
    if (claims.iss !== this.#account.email) return ['invalid_grant', 'Invalid grant: account not found'];
    if (!isSignedBy(assertion, this.#account.publicKey)) return ['invalid_grant', 'Invalid JWT Signature.'];
    if (claims.aud !== this.#account.tokenUri) {
      return ['invalid_grant', 'Invalid JWT: Failed audience check. The right audience is the token_uri.'];
    }
    if (!isShortLived(claims)) {
      return [
        'invalid_grant',
        'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
      ];
    }
    const asked = scopesOf(claims);
    if (![SCOPES_OF_DATABASE, SCOPES_OF_MESSAGING].some((needed) => needed.every((scope) => asked.includes(scope)))) {
      return ['invalid_scope', 'Invalid OAuth scope or ID token audience provided.'];
    }
    return null;
  }

  #issue(scopes) {
    const now = Date.now();
    for (const [token, { expiry }] of this.#tokens) if (expiry <= now) this.#tokens.delete(token);
    const token = `ya29.${randomBytes(48).toString('base64url')}`;
    this.#tokens.set(token, { expiry: now + this.#life * 1000, scopes });
    return token;
  }
}

const scopesOf = ({ scope }) => String(scope ?? '').split(' ');

const refuse = (error, description) => json(400, { error, error_description: description });

function isShortLived({ iat, exp }) {
  const now = Date.now() / 1000;
  return (
    Number.isInteger(iat) &&
    Number.isInteger(exp) &&
    iat <= now + CLOCK_SKEW &&
    exp > now &&
    exp - iat <= LONGEST_ASSERTION
  );
}
