import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import { startStandIn } from '../server.mjs';

/**
 * The server under test: the official emulator if FIREBASE_DATABASE_EMULATOR_HOST is set, otherwise a new
 * stand-in. In both cases the variable is then set, so that the admin SDKs find the server.
 */
export async function peer() {
  if (!process.env.FIREBASE_DATABASE_EMULATOR_HOST) {
    const standIn = await startStandIn({ rules: { rules: { '.read': false, '.write': false } } });
    after(() => standIn.close());
    process.env.FIREBASE_DATABASE_EMULATOR_HOST = `127.0.0.1:${standIn.port}`;
  }
  return new Peer(process.env.FIREBASE_DATABASE_EMULATOR_HOST);
}

/** A database with a name that no other test uses. */
class Peer {
  constructor(hostAndPort) {
    const { hostname, port } = new URL(`http://${hostAndPort}`);
    this.host = hostname;
    this.port = Number(port);
    this.namespace = `suite-${randomBytes(6).toString('hex')}`;
    this.databaseUrl = `http://${hostAndPort}?ns=${this.namespace}`;
  }

  /**
   * Sends a REST request. `as` is 'owner', an override of `auth` such as `{uid: 'a'}`, or null without a
   * sign-in; `raw` is a body that need not be JSON.
   */
  async rest(method, path, { body, raw, as = 'owner', params = {}, headers = {}, signal } = {}) {
    const url = new URL(`http://${this.host}:${this.port}${path}`);
    url.search = new URLSearchParams({ ns: this.namespace, ...params }).toString();
    if (as !== null && as !== 'owner') url.searchParams.set('auth_variable_override', JSON.stringify(as));
    return fetch(url, {
      method,
      body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
      headers: { ...(as !== null && { Authorization: 'Bearer owner' }), ...headers },
      signal,
    });
  }

  async json(method, path, options) {
    const response = await this.rest(method, path, options);
    return [response.status, await response.json()];
  }

  async useRules(rules) {
    const response = await this.rest('PUT', '/.settings/rules.json', { body: rules });
    if (!response.ok) throw new Error(await response.text());
  }

  /** Returns all data, read as an admin. */
  async data(path = '/') {
    return (await this.json('GET', `${path}.json`))[1];
  }

  async reset(data = null) {
    await this.rest('PUT', '/.json', { body: data });
  }
}
