import { networkInterfaces } from 'node:os';
import { join } from 'node:path';

/** Variables that the developer can set, and that `.dev/env` exports. */
export const VARIABLES = [
  'BASE_URL',
  'WEB_URL',
  'DATABASE_URL',
  'JWT_SECRET',
  'FIREBASE_DATABASE_URL',
  'FIREBASE_DATABASE_EMULATOR_HOST',
  'FIREBASE_CREDENTIALS_PATH',
  'FCM_URL',
  'WEBHOOK_URL',
  'WEBHOOK_SECRET',
  'TOKEN_DRIVER',
  'TOKEN_CLIENT',
  'TOKEN_MERCHANT',
  'TOKEN_ADMIN',
  'TOKEN_PLATFORM',
];

const LOOPBACK = '127.0.0.1';

/**
 * Returns the settings of a stack: preset variables, and defaults for the others.
 *
 * A value that equals the stack's own default counts as not set. After `source .dev/env`, `make dev` therefore starts
 * the same parts again.
 */
export function readSettings(environment, { directory }) {
  const preset = (name, own) => (environment[name] === own ? undefined : environment[name]);
  const host = environment.HOST || undefined;
  const name = nameOf(host ?? LOOPBACK);
  return {
    directory,
    profile: oneOf(environment, 'PROFILE', ['dev', 'release']),
    environmentsPerFunction: wholeNumber(environment, 'ENVIRONMENTS_PER_FUNCTION', 10),
    sweepEverySeconds: wholeNumber(environment, 'SWEEP_EVERY_SECONDS', 5),
    jwtSecret: environment.JWT_SECRET || 'only-for-development-not-a-secret-and-as-long-as-HS512-would-have-it',
    tokens: Object.fromEntries(VARIABLES.filter((name) => name.startsWith('TOKEN_')).map((n) => [n, environment[n]])),
    api: address(environment.BASE_URL || `http://${name}:${port(environment, 'API_PORT', 8000)}`, host),
    web: address(environment.WEB_URL || `http://${name}:${port(environment, 'WEB_PORT', 8080)}`, host),
    postgres: postgres(preset, port(environment, 'POSTGRES_PORT', 5433)),
    webhooks: webhooks(preset, environment.WEBHOOK_SECRET, port(environment, 'WEBHOOK_PORT', 9300)),
    firebase: firebase(preset, { host: host ?? LOOPBACK, name, port: port(environment, 'FIREBASE_PORT', 9100) }, directory),
  };
}

/**
 * Returns the host for URLs of a part that listens on `host`. For all interfaces, it is an address of this machine
 * that a phone can reach.
 */
function nameOf(host) {
  if (host !== '0.0.0.0') return host;
  const addresses = Object.values(networkInterfaces()).flat();
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? LOOPBACK;
}

/** Returns the URL of a part, and the host and port on which it listens. `host` overrides the URL's. */
function address(text, host) {
  const { href, hostname, port } = new URL(text);
  return { url: href.replace(/\/$/, ''), host: host ?? hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
}

/** Returns the settings of PostgreSQL. `start` is false if the developer's own is used. */
function postgres(preset, port) {
  const ownUrl = `postgres://relais@${LOOPBACK}:${port}/relais`;
  const url = preset('DATABASE_URL', ownUrl) || undefined;
  return { start: url === undefined, host: LOOPBACK, port, url: url ?? ownUrl };
}

/** Returns the endpoint of the webhooks: the stack's own receiver, a given one, or none if `WEBHOOK_URL` is empty. */
function webhooks(preset, secret, port) {
  const ownUrl = `http://${LOOPBACK}:${port}/webhooks`;
  const url = preset('WEBHOOK_URL', ownUrl);
  const ownSecret = `whsec_${Buffer.from('only-for-development-not-secret!').toString('base64')}`;
  return { start: url === undefined, host: LOOPBACK, port, url: url ?? ownUrl, secret: secret || ownSecret };
}

/**
 * Returns the target of the mirror: none, a given database, the official emulator, or the stand-in.
 *
 * `fcmUrl` is the target of pushes: the stand-in if it runs, `''` for none, or undefined for Google.
 *
 * With a given database and no service account, the stand-in also runs: it issues the access tokens for the stack's
 * own account.
 */
function firebase(preset, { host, name, port }, directory) {
  const stand = { host, port, url: `http://${name}:${port}` };
  const ownCredentials = join(directory, 'service-account.json');
  const credentials = preset('FIREBASE_CREDENTIALS_PATH', ownCredentials);
  const url = preset('FIREBASE_DATABASE_URL', stand.url);
  const emulatorHost = preset('FIREBASE_DATABASE_EMULATOR_HOST', `${name}:${port}`) || undefined;
  const common = { standIn: stand, emulatorHost, credentials: credentials || ownCredentials, ownCredentials };
  const fcmUrl = (own) => preset('FCM_URL', stand.url) ?? own;

  if (url === '') return { ...common, url, emulatorHost: undefined, fcmUrl: fcmUrl(''), kind: 'off', start: false };
  // A service account of the developer's own gets its tokens and pushes from Google.
  if (url) return { ...common, url, fcmUrl: fcmUrl(credentials ? undefined : stand.url), kind: 'named', start: !credentials };
  if (emulatorHost) return { ...common, url: `http://${emulatorHost}/?ns=relais-dev`, fcmUrl: fcmUrl(''), kind: 'emulator', start: false };
  return { ...common, url: stand.url, emulatorHost: `${name}:${port}`, fcmUrl: fcmUrl(stand.url), kind: 'stand-in', start: true };
}

function port(environment, name, fallback) {
  const value = wholeNumber(environment, name, fallback);
  if (value > 65_535) throw new Error(`${name} must be a port, 1 to 65535; it is "${value}".`);
  return value;
}

function wholeNumber(environment, name, fallback) {
  const value = Number(environment[name] || fallback);
  if (!Number.isInteger(value) || value < 1) {
    throw new Error(`${name} must be a whole number, 1 or more; it is "${environment[name]}".`);
  }
  return value;
}

function oneOf(environment, name, values) {
  const value = environment[name] || values[0];
  if (!values.includes(value)) throw new Error(`${name} must be one of ${values.join(', ')}; it is "${value}".`);
  return value;
}
