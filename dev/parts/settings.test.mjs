import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { readSettings } from './settings.mjs';

const settings = (environment) => readSettings(environment, { directory: '/d' });

test('a fresh checkout starts all parts itself', () => {
  const { api, web, postgres, firebase } = settings({});
  assert.deepEqual(api, { url: 'http://127.0.0.1:8000', host: '127.0.0.1', port: 8000 });
  assert.deepEqual(web, { url: 'http://127.0.0.1:8080', host: '127.0.0.1', port: 8080 });
  assert.deepEqual(postgres, { start: true, host: '127.0.0.1', port: 5433, url: 'postgres://relais@127.0.0.1:5433/relais' });
  assert.equal(firebase.kind, 'stand-in');
  assert.equal(firebase.url, 'http://127.0.0.1:9100');
  assert.equal(firebase.emulatorHost, '127.0.0.1:9100');
  assert.equal(firebase.credentials, '/d/service-account.json');
});

test('ports can be set', () => {
  const ports = { API_PORT: '8001', WEB_PORT: '8081', POSTGRES_PORT: '5434', FIREBASE_PORT: '9101' };
  const { api, web, postgres, firebase } = settings(ports);
  assert.equal(api.url, 'http://127.0.0.1:8001');
  assert.equal(web.url, 'http://127.0.0.1:8081');
  assert.match(postgres.url, /:5434\//);
  assert.equal(firebase.url, 'http://127.0.0.1:9101');
});

test('HOST=0.0.0.0 opens the API, the page and Firebase to the network, under an address of this machine; PostgreSQL stays local', () => {
  const { api, web, postgres, firebase } = settings({ HOST: '0.0.0.0' });
  const addresses = Object.values(networkInterfaces()).flat().filter(({ family }) => family === 'IPv4');
  for (const part of [api, web, firebase.standIn]) {
    assert.equal(part.host, '0.0.0.0');
    assert.ok(addresses.some(({ address }) => new URL(part.url).hostname === address), part.url);
  }
  assert.equal(`http://${firebase.emulatorHost}`, firebase.url);
  assert.equal(postgres.host, '127.0.0.1');
});

test('HOST may also be one address of this machine, and leaves the URLs of .dev/env as they are', () => {
  assert.deepEqual(settings({ HOST: '192.0.2.7' }).api, { url: 'http://192.0.2.7:8000', host: '192.0.2.7', port: 8000 });
  const fromFile = settings({ HOST: '0.0.0.0', BASE_URL: 'http://127.0.0.1:8000' });
  assert.deepEqual(fromFile.api, { url: 'http://127.0.0.1:8000', host: '0.0.0.0', port: 8000 });
});

test('the URL sets where the API or the page listens', () => {
  assert.deepEqual(settings({ BASE_URL: 'http://localhost:8080/' }).api, { url: 'http://localhost:8080', host: 'localhost', port: 8080 });
  assert.deepEqual(settings({ WEB_URL: 'http://127.0.0.1:8081' }).web, { url: 'http://127.0.0.1:8081', host: '127.0.0.1', port: 8081 });
});

test('a given database is not started', () => {
  const { postgres } = settings({ DATABASE_URL: 'postgres://me@db.test/app' });
  assert.equal(postgres.start, false);
  assert.equal(postgres.url, 'postgres://me@db.test/app');
});

test('pushes go to the stand-in if it runs, and to Google only with the developer’s service account', () => {
  const fcmUrl = (environment) => settings(environment).firebase.fcmUrl;
  const [FIREBASE_DATABASE_URL, FIREBASE_CREDENTIALS_PATH] = ['https://mine.firebaseio.test', '/mine.json'];
  assert.equal(fcmUrl({}), 'http://127.0.0.1:9100');
  assert.equal(fcmUrl({ FCM_URL: 'http://127.0.0.1:9100' }), 'http://127.0.0.1:9100');
  assert.equal(fcmUrl({ FCM_URL: 'http://127.0.0.1:1' }), 'http://127.0.0.1:1');
  assert.equal(fcmUrl({ FCM_URL: '' }), '');
  assert.equal(fcmUrl({ FIREBASE_DATABASE_URL: '' }), '');
  assert.equal(fcmUrl({ FIREBASE_DATABASE_EMULATOR_HOST: '127.0.0.1:9000' }), '');
  assert.equal(fcmUrl({ FIREBASE_DATABASE_URL }), 'http://127.0.0.1:9100');
  assert.equal(fcmUrl({ FIREBASE_DATABASE_URL, FIREBASE_CREDENTIALS_PATH }), undefined);
});

test('webhooks go to the stack’s own receiver unless another endpoint or none is given', () => {
  const { webhooks } = settings({});
  assert.deepEqual([webhooks.start, webhooks.url], [true, 'http://127.0.0.1:9300/webhooks']);
  assert.equal(settings({ WEBHOOK_URL: webhooks.url }).webhooks.start, true);
  assert.deepEqual(settings({ WEBHOOK_URL: '' }).webhooks.url, '');
  const given = settings({ WEBHOOK_URL: 'https://mine.test/', WEBHOOK_SECRET: 'whsec_mine' }).webhooks;
  assert.deepEqual([given.start, given.url, given.secret], [false, 'https://mine.test/', 'whsec_mine']);
});

test('an empty database URL of Firebase turns the mirror off', () => {
  const { firebase } = settings({ FIREBASE_DATABASE_URL: '', FIREBASE_DATABASE_EMULATOR_HOST: '127.0.0.1:9100' });
  assert.equal(firebase.kind, 'off');
  assert.equal(firebase.start, false);
  assert.equal(firebase.url, '');
  assert.equal(firebase.emulatorHost, undefined);
});

test('a given Firebase database is mirrored to, and is an emulator only if one is given too', () => {
  const named = { FIREBASE_DATABASE_URL: 'http://127.0.0.1:7777' };
  const { firebase } = settings(named);
  assert.equal(firebase.url, 'http://127.0.0.1:7777');
  assert.equal(firebase.emulatorHost, undefined);
  assert.equal(firebase.start, true, 'the stand-in hands out access tokens');
  assert.equal(settings({ ...named, FIREBASE_CREDENTIALS_PATH: '/mine.json' }).firebase.start, false);
  assert.equal(settings({ ...named, FIREBASE_DATABASE_EMULATOR_HOST: 'e:1' }).firebase.emulatorHost, 'e:1');
});

test('a given official emulator replaces the stand-in', () => {
  const { firebase } = settings({ FIREBASE_DATABASE_EMULATOR_HOST: '127.0.0.1:9000' });
  assert.equal(firebase.kind, 'emulator');
  assert.equal(firebase.start, false);
  assert.equal(firebase.url, 'http://127.0.0.1:9000/?ns=relais-dev');
});

test('the values of `.dev/env` start the same parts again', () => {
  const { postgres, firebase } = settings({
    BASE_URL: 'http://127.0.0.1:8000',
    DATABASE_URL: 'postgres://relais@127.0.0.1:5433/relais',
    FIREBASE_DATABASE_URL: 'http://127.0.0.1:9100',
    FIREBASE_DATABASE_EMULATOR_HOST: '127.0.0.1:9100',
    FIREBASE_CREDENTIALS_PATH: '/d/service-account.json',
  });
  assert.equal(postgres.start, true);
  assert.equal(firebase.kind, 'stand-in');
});

for (const [name, value] of [['API_PORT', 'http'], ['POSTGRES_PORT', '70000'], ['PROFILE', 'fast'], ['SWEEP_EVERY_SECONDS', '0']]) {
  test(`${name}=${value} is an error that names the variable`, () => assert.throws(() => settings({ [name]: value }), new RegExp(name)));
}
