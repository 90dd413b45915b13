import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, beforeEach, describe, it } from 'node:test';
import { deleteApp, initializeApp, setLogLevel } from 'firebase/app';
import { connectAuthEmulator, getAuth, signInWithCustomToken, signOut } from 'firebase/auth';
import { connectDatabaseEmulator, get, getDatabase, goOffline, onValue, ref, set } from 'firebase/database';
import { startStandIn } from './server.mjs';
import { decodeJwt, signJwt } from './sign-in/jwt.mjs';
import { newServiceAccount } from './sign-in/service-account.mjs';
import { world } from '../../firebase/world.mjs';
import { eventually } from './testing/eventually.mjs';
import { customToken, seconds } from './testing/tokens.mjs';
import { Wire } from './testing/wire.mjs';

setLogLevel('silent');

const account = newServiceAccount();
const other = newServiceAccount({ projectId: 'demo-other' });
const rules = JSON.parse(readFileSync(new URL('../../firebase/database.rules.json', import.meta.url), 'utf8'));
const standIn = await startStandIn({ rules, serviceAccount: account });
after(() => standIn.close());

const asOwner = { headers: { Authorization: 'Bearer owner' } };
beforeEach(() => fetch(`${standIn.url}/.json`, { method: 'PUT', body: JSON.stringify(world), ...asOwner }));

let count = 0;
/** Returns the unmodified SDK, connected to the stand-in as to an emulator. */
function phone(context, options = { databaseURL: standIn.url }) {
  const app = initializeApp({ apiKey: 'none', projectId: account.project_id, ...options }, `phone-${count++}`);
  const auth = getAuth(app);
  connectAuthEmulator(auth, standIn.url, { disableWarnings: true });
  const database = getDatabase(app);
  context.after(async () => {
    // Otherwise the SDK's timer for the next ID token keeps the process alive.
    await signOut(auth);
    goOffline(database);
    await deleteApp(app);
  });
  return { auth, database };
}

async function call(path, body) {
  const response = await fetch(`${standIn.url}${path}?key=none`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  return [response.status, await response.json()];
}

const exchange = (token) =>
  call('/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken', { token, returnSecureToken: true });
const idTokenOf = async (uid, claims) => (await exchange(customToken(account, uid, claims)))[1].idToken;
const readAs = async (token, path = '/chats/open/metadata/revision') => {
  const response = await fetch(`${standIn.url}${path}.json?auth=${token}`);
  return [response.status, await response.json()];
};

describe('signing in with a custom token, by the official SDK', () => {
  it('gives a user the rights of a participant', async (context) => {
    const { auth, database } = phone(context);
    await assert.rejects(get(ref(database, 'chats/open')), /permission.denied/i);
    const { user } = await signInWithCustomToken(auth, customToken(account, 'client-1'));
    assert.equal(user.uid, 'client-1');
    assert.equal((await get(ref(database, 'chats/open/metadata/revision'))).val(), 5);
    await assert.rejects(get(ref(database, 'chats/other')), /permission.denied/i);
    await set(ref(database, 'chats/open/typing/client-1'), { timestamp: new Date().toISOString() });
    await assert.rejects(
      set(ref(database, 'chats/open/typing/driver-1'), { timestamp: new Date().toISOString() }),
      /permission.denied/i,
    );
  });

  it('signing out removes these rights, also from active listeners', async (context) => {
    const { auth, database } = phone(context);
    await signInWithCustomToken(auth, customToken(account, 'client-1'));
    let error;
    let values = 0;
    onValue(
      ref(database, 'chats/open/messages'),
      () => values++,
      (cancelled) => (error = cancelled),
    );
    await eventually(() => values, 1);
    await signOut(auth);
    await eventually(() => /permission_denied/.test(error?.message), true);
    await assert.rejects(get(ref(database, 'chats/open')), /permission.denied/i);
  });

  it('another user sees their own rooms on the same phone', async (context) => {
    const { auth, database } = phone(context);
    await signInWithCustomToken(auth, customToken(account, 'client-1'));
    await signInWithCustomToken(auth, customToken(account, 'stranger-1'));
    assert.ok((await get(ref(database, 'chats/other'))).exists());
    await assert.rejects(get(ref(database, 'chats/open')), /permission.denied/i);
  });

  it('refreshes its ID token', async (context) => {
    const { auth } = phone(context);
    const { user } = await signInWithCustomToken(auth, customToken(account, 'client-1'));
    const fresh = await user.getIdToken(true);
    assert.equal(decodeJwt(fresh).claims.sub, 'client-1');
    await user.reload();
  });
});

describe('the default database', () => {
  it('has every name that the SDKs derive if none is given', async () => {
    const revisionIn = async (query) =>
      (await fetch(`${standIn.url}/chats/open/metadata/revision.json${query}`, asOwner)).json();
    for (const query of ['', '?ns=', '?ns=127', '?ns=192', '?ns=localhost', `?ns=${account.project_id}-default-rtdb`]) {
      assert.equal(await revisionIn(query), 5, query);
    }
    assert.equal(await revisionIn('?ns=another'), null);
  });

  it('is found by connectDatabaseEmulator', async (context) => {
    const { auth, database } = phone(context, {});
    const { hostname, port } = new URL(standIn.url);
    connectDatabaseEmulator(database, hostname, Number(port));
    await signInWithCustomToken(auth, customToken(account, 'client-1'));
    assert.equal((await get(ref(database, 'chats/open/metadata/revision'))).val(), 5);
  });

  it('rejects the unsigned tokens of mock users', async (context) => {
    const wire = new Wire(standIn.url);
    context.after(() => wire.close());
    const cred = unsigned({ sub: 'client-1', iat: 0, exp: seconds() + 3600 });
    assert.equal((await wire.request('auth', { cred })).s, 'invalid_token');
    assert.equal((await wire.request('g', { p: '/chats/open' })).s, 'permission_denied');
  });
});

describe('a custom token is checked', () => {
  const now = seconds();
  const spoilt = [
    [
      'another key',
      () => signJwt(decodeJwt(customToken(account, 'a')).claims, other.private_key),
      /^INVALID_CUSTOM_TOKEN/,
    ],
    [
      'a changed uid under the old signature',
      () => transplant(customToken(account, 'a'), customToken(account, 'b')),
      /^INVALID_CUSTOM_TOKEN/,
    ],
    ['no signature', () => unsigned(decodeJwt(customToken(account, 'a')).claims), /^INVALID_CUSTOM_TOKEN/],
    ['another project', () => customToken(other, 'a'), /^CREDENTIAL_MISMATCH/],
    ['another audience', () => customToken(account, 'a', { aud: 'https://example.com' }), /^INVALID_CUSTOM_TOKEN/],
    ['sub that is not iss', () => customToken(account, 'a', { sub: 'a' }), /^INVALID_CUSTOM_TOKEN/],
    ['expired', () => customToken(account, 'a', { iat: now - 3700, exp: now - 100 }), /^INVALID_CUSTOM_TOKEN/],
    ['valid for longer than an hour', () => customToken(account, 'a', { exp: now + 7200 }), /^INVALID_CUSTOM_TOKEN/],
    ['of tomorrow', () => customToken(account, 'a', { iat: now + 86400, exp: now + 90000 }), /^INVALID_CUSTOM_TOKEN/],
    ['without an end', () => customToken(account, 'a', { exp: undefined }), /^INVALID_CUSTOM_TOKEN/],
    ['without a uid', () => customToken(account, undefined), /^INVALID_CUSTOM_TOKEN/],
    ['an empty uid', () => customToken(account, ''), /^INVALID_CUSTOM_TOKEN/],
    ['a uid of 129 characters', () => customToken(account, 'x'.repeat(129)), /^INVALID_CUSTOM_TOKEN/],
    ['a uid that is a number', () => customToken(account, 7), /^INVALID_CUSTOM_TOKEN/],
    ['no token at all', () => 'hello', /^INVALID_CUSTOM_TOKEN/],
    ['nothing', () => undefined, /^MISSING_CUSTOM_TOKEN/],
  ];
  for (const [what, token, message] of spoilt) {
    it(what, async () => {
      const [status, { error }] = await exchange(token());
      assert.equal(status, 400);
      assert.match(error.message, message);
    });
  }

  it('a uid of 128 characters is valid', async () => {
    assert.equal((await exchange(customToken(account, 'x'.repeat(128))))[0], 200);
  });
});

describe('an ID token is checked', () => {
  it('an issued token is accepted over REST and has the claims of the custom token', async () => {
    const token = await idTokenOf('client-1', { claims: { premium: true } });
    assert.deepEqual(await readAs(token), [200, 5]);
    const { sub, aud, iss, firebase, premium } = decodeJwt(token).claims;
    assert.deepEqual(
      { sub, aud, iss, provider: firebase.sign_in_provider, premium },
      {
        sub: 'client-1',
        aud: account.project_id,
        iss: `https://securetoken.google.com/${account.project_id}`,
        provider: 'custom',
        premium: true,
      },
    );
  });

  it('a token with another signature or none is rejected', async () => {
    const { claims } = decodeJwt(await idTokenOf('client-1'));
    for (const token of [signJwt(claims, account.private_key), unsigned(claims), 'hello']) {
      assert.deepEqual(await readAs(token), [401, { error: 'Could not parse auth token.' }]);
    }
  });

  it('a custom token or a refresh token is not an ID token', async () => {
    const [, { refreshToken }] = await exchange(customToken(account, 'client-1'));
    for (const token of [customToken(account, 'client-1'), refreshToken]) assert.equal((await readAs(token))[0], 401);
  });

  it('only an issued token deletes its user', async () => {
    const path = '/identitytoolkit.googleapis.com/v1/accounts:delete';
    assert.equal((await call(path, { idToken: await idTokenOf('client-1') }))[0], 200);
    assert.equal((await call(path, { idToken: 'hello' }))[0], 400);
  });

  it('a forged refresh token is rejected', async () => {
    const forged = signJwt({ use: 'refresh', uid: 'client-1', claims: {}, authTime: 0 }, account.private_key);
    const [status, { error }] = await call('/securetoken.googleapis.com/v1/token', {
      grant_type: 'refresh_token',
      refresh_token: forged,
    });
    assert.deepEqual([status, error.message], [400, 'INVALID_REFRESH_TOKEN']);
  });

  it('an expired token is rejected over REST, and ends a websocket session', async (context) => {
    const brief = await startStandIn({ rules, serviceAccount: account, idTokenSeconds: 1 });
    context.after(() => brief.close());
    const response = await fetch(`${brief.url}/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token: customToken(account, 'client-1') }),
    });
    const { idToken } = await response.json();
    const wire = new Wire(brief.url);
    context.after(() => wire.close());
    assert.equal((await wire.request('auth', { cred: idToken })).s, 'ok');
    assert.deepEqual(await wire.nextPush('ac'), { s: 'expired_token', d: 'Auth token is expired' });
    assert.equal((await wire.request('g', { p: '/chats/open' })).s, 'permission_denied');
    const rest = await fetch(`${brief.url}/chats/open.json?auth=${idToken}`);
    assert.deepEqual([rest.status, await rest.json()], [401, { error: 'Auth token is expired' }]);
  });

  it('a client who is signed in as chat-backend is not the backend', async () => {
    const token = await idTokenOf('chat-backend');
    const response = await fetch(`${standIn.url}/chats/open/messages/x.json?auth=${token}`, {
      method: 'PUT',
      body: '{"sender_id":"a","timestamp":"b"}',
    });
    assert.equal(response.status, 401);
  });

  it('a client cannot override auth', async () => {
    const token = await idTokenOf('stranger-1');
    const override = encodeURIComponent('{"uid":"client-1"}');
    const response = await fetch(`${standIn.url}/chats/open.json?auth=${token}&auth_variable_override=${override}`);
    assert.equal(response.status, 401);
  });
});

const unsigned = (claims) =>
  `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;

/** Returns the claims of one token with the signature of the other. */
const transplant = (one, two) => [...two.split('.').slice(0, 2), one.split('.')[2]].join('.');
