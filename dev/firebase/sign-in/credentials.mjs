import { badRequest, unauthorized } from '../errors.mjs';

/** Identifies callers: converts the credentials of a request or a connection into a caller (see Database). */

export const ADMIN = Object.freeze({ admin: true });
export const NOBODY = Object.freeze({ admin: false, auth: null });

/** Google's SDKs send this instead of an access token to an emulator. */
const EMULATOR_ADMIN = 'owner';

export class Credentials {
  #oauth;
  #identity;

  /**
   * `fence`: whether the rules apply to an admin with `auth_variable_override`, as in the real service. Only
   * tests set it to false: the backend then bypasses the rules, and stale writes are not rejected.
   */
  constructor({ oauth, identity, fence = true }) {
    this.#oauth = oauth;
    this.#identity = identity;
    this.fence = fence;
  }

  /**
   * Returns `{caller, expiresAt}`; `expiresAt` (ms) only if the credential expires.
   * @throws {RequestError} 401 for an invalid credential, 400 for a malformed override
   */
  ofRequest(headers, params, trust) {
    const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? params.get('access_token');
    if (bearer !== null && bearer !== undefined) return this.ofAccessToken(bearer, overrideOf(params));
    const token = params.get('auth');
    if (token === null || token === '') return { caller: NOBODY };
    if (token === EMULATOR_ADMIN) return this.ofAccessToken(token, overrideOf(params));
    return this.ofIdToken(token, trust);
  }

  /** `override` is `auth` for the rules. If it is undefined, an admin stays an admin. */
  ofAccessToken(token, override) {
    const expiresAt = token === EMULATOR_ADMIN ? undefined : this.#oauth.expiryOf(token);
    if (expiresAt === null) throw unauthorized('Unauthorized request.');
    if (override === undefined || !this.fence) return { caller: ADMIN, expiresAt };
    return { caller: { admin: false, auth: override }, expiresAt };
  }

  /**
   * `trust.unsigned`: accept the unsigned tokens of `mockUserToken` and rules-unit-testing, as the official
   * emulator always does.
   */
  ofIdToken(token, trust) {
    const { claims, expiresAt } = this.#identity.verifyIdToken(token, trust);
    const provider = claims.firebase?.sign_in_provider ?? 'custom';
    return { caller: { admin: false, auth: { uid: claims.sub, provider, token: claims } }, expiresAt };
  }
}

function overrideOf(params) {
  const text = params.get('auth_variable_override');
  if (text === null) return undefined;
  let override;
  try {
    override = JSON.parse(text);
  } catch {
    override = undefined;
  }
  if (typeof override !== 'object') throw badRequest('auth_variable_override must be a JSON object or null.');
  return override;
}
