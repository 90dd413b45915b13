import assert from 'node:assert/strict';
import { after, beforeEach, describe, it } from 'node:test';
import { startStandIn } from './server.mjs';
import { newServiceAccount } from './sign-in/service-account.mjs';
import { assertion } from './testing/tokens.mjs';

const account = newServiceAccount();
const standIn = await startStandIn({ serviceAccount: account, rules: { rules: {} } });
after(() => standIn.close());

const MESSAGING = 'https://www.googleapis.com/auth/firebase.messaging';
const PATH = `/v1/projects/${account.project_id}/messages:send`;

const call = (method, path, body) =>
  fetch(`${standIn.url}${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });

async function accessToken(scope = MESSAGING) {
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: assertion(account, { scope }) };
  const response = await fetch(`${standIn.url}/token`, { method: 'POST', body: new URLSearchParams(form) });
  return (await response.json()).access_token;
}

const token = await accessToken();

async function send(message, { path = PATH, bearer = token } = {}) {
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
  const response = await fetch(`${standIn.url}${path}`, { method: 'POST', headers, body: JSON.stringify({ message }) });
  const answer = await response.json();
  return { status: response.status, answer, code: answer.error?.details?.[0]?.errorCode, headers: response.headers };
}

const pushes = async (query = '') => (await call('GET', `/.pushes${query}`)).json();

beforeEach(async () => {
  await call('DELETE', '/.faults');
  await call('DELETE', '/.pushes');
  await call('PUT', '/.unregistered-devices', []);
});

describe('Cloud Messaging', () => {
  it('accepts and records a message to a device', async () => {
    const message = { token: 'a:b', notification: { title: 'Awa', body: 'Oui' }, data: { seq: '1' } };
    const { status, answer } = await send(message);
    assert.equal(status, 200);
    assert.match(answer.name, new RegExp(`^projects/${account.project_id}/messages/`));
    await send({ ...message, token: 'another' });
    assert.equal((await pushes()).length, 2);
    const [push] = await pushes('?token=a:b');
    assert.deepEqual(push, { time: push.time, token: 'a:b', message });
  });

  it("requires an access token for messaging and the token's project", async () => {
    const database = await accessToken(
      'https://www.googleapis.com/auth/firebase.database https://www.googleapis.com/auth/userinfo.email',
    );
    for (const bearer of ['owner', 'no-token', database]) assert.equal((await send({ token: 'a' }, { bearer })).status, 401);
    assert.equal((await send({ token: 'a' }, { path: '/v1/projects/another/messages:send' })).status, 403);
    const atDatabase = await fetch(`${standIn.url}/a.json`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(atDatabase.status, 401, 'and a token for messaging opens no database');
  });

  it('names the invalid field', async () => {
    const field = async (message) => {
      const { status, answer } = await send(message);
      assert.equal(status, 400);
      return answer.error.details[1].fieldViolations[0].field;
    };
    assert.equal(await field({ token: 'no token' }), 'message.token');
    assert.equal(await field({ token: 'a', data: { seq: 1 } }), 'message.data[seq]');
    assert.equal(await field({ token: 'a', data: { message_type: 'text' } }), 'message.data[message_type]');
    assert.equal(await field({ token: 'a', notification: { body: 'x'.repeat(4096) } }), 'message');
    assert.equal(await field({ token: 'a', notifications: {} }), 'message.notifications');
  });

  it('rejects messages to unregistered devices', async () => {
    await call('PUT', '/.unregistered-devices', ['gone']);
    const { status, code } = await send({ token: 'gone' });
    assert.deepEqual([status, code], [404, 'UNREGISTERED']);
    assert.equal((await send({ token: 'here' })).status, 200);
    assert.deepEqual(
      (await pushes()).map((push) => push.token),
      ['here'],
    );
  });

  it('returns the documented body for an injected status', async () => {
    for (const [status, code] of [
      [404, 'UNREGISTERED'],
      [429, 'QUOTA_EXCEEDED'],
      [500, 'INTERNAL'],
      [503, 'UNAVAILABLE'],
    ]) {
      await call('PUT', '/.faults', [{ path: '/v1/projects/*/messages:send', status, retryAfter: 7 }]);
      const refused = await send({ token: 'a' });
      assert.deepEqual([refused.status, refused.code, refused.headers.get('retry-after')], [status, code, '7']);
    }
    assert.deepEqual(await pushes(), []);
  });

  it('marks pushes that were recorded despite a fault', async () => {
    await call('PUT', '/.faults', [{ path: '/v1/**', status: 500, applied: true, count: 1 }]);
    assert.equal((await send({ token: 'a' })).status, 500);
    assert.equal((await send({ token: 'a' })).status, 200);
    assert.deepEqual(
      (await pushes()).map(({ fault }) => fault),
      ['status-500', undefined],
    );
  });

  it('revokes access tokens before they expire', async () => {
    const bearer = await accessToken();
    assert.equal((await send({ token: 'a' }, { bearer })).status, 200);
    await call('DELETE', '/.access-tokens');
    assert.equal((await send({ token: 'a' }, { bearer })).status, 401);
  });
});
