import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { startStandIn } from './server.mjs';
import { newServiceAccount } from './sign-in/service-account.mjs';
import { assertion, seconds } from './testing/tokens.mjs';

const account = newServiceAccount();
const rules = { rules: { mine: { '.write': "auth.uid == 'chat-backend'" } } };
const standIn = await startStandIn({ rules, serviceAccount: account });
after(() => standIn.close());

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

async function trade(form, url = standIn.url) {
  const response = await fetch(`${url}/token`, { method: 'POST', body: new URLSearchParams(form) });
  return [response.status, await response.json()];
}

const write = (token, { url = standIn.url, path = '/other', query = '' } = {}) =>
  fetch(`${url}${path}.json?${query}`, { method: 'PUT', body: '1', headers: { Authorization: `Bearer ${token}` } });

describe("POST /token, like Google's response to a service account", () => {
  it('exchanges an assertion for an access token that bypasses the rules', async () => {
    const [status, body] = await trade({ grant_type: GRANT_TYPE, assertion: assertion(account) });
    assert.equal(status, 200);
    assert.deepEqual({ ...body, access_token: '' }, { access_token: '', expires_in: 3600, token_type: 'Bearer' });
    assert.equal((await write(body.access_token)).status, 200);
    const query = new URLSearchParams({ access_token: body.access_token });
    assert.equal((await fetch(`${standIn.url}/other.json?${query}`)).status, 200);
  });

  it('auth_variable_override makes a token subject to the rules', async () => {
    const [, { access_token: token }] = await trade({ grant_type: GRANT_TYPE, assertion: assertion(account) });
    const query = new URLSearchParams({ auth_variable_override: '{"uid":"chat-backend"}' });
    assert.equal((await write(token, { path: '/mine', query })).status, 200);
    assert.equal((await write(token, { path: '/other', query })).status, 401);
    const nonsense = await write(token, { query: 'auth_variable_override=chat-backend' });
    assert.equal(nonsense.status, 400);
  });

  const now = seconds();
  const spoilt = [
    ['another key', () => assertion({ ...account, private_key: newServiceAccount().private_key }), 'invalid_grant'],
    ['another account', () => assertion(account, { iss: 'somebody@example.com' }), 'invalid_grant'],
    ['another audience', () => assertion(account, { aud: 'https://example.com/token' }), 'invalid_grant'],
    ['expired', () => assertion(account, { iat: now - 3700, exp: now - 100 }), 'invalid_grant'],
    ['for longer than an hour', () => assertion(account, { exp: now + 7200 }), 'invalid_grant'],
    ['of tomorrow', () => assertion(account, { iat: now + 86400, exp: now + 90000 }), 'invalid_grant'],
    [
      'without the scopes of the database',
      () => assertion(account, { scope: 'https://www.googleapis.com/auth/userinfo.email' }),
      'invalid_scope',
    ],
    ['no JWT', () => 'hello', 'invalid_grant'],
  ];
  for (const [what, token, error] of spoilt) {
    it(`rejects an assertion: ${what}`, async () => {
      const [status, body] = await trade({ grant_type: GRANT_TYPE, assertion: token() });
      assert.deepEqual([status, body.error], [400, error]);
    });
  }

  it('rejects another grant type', async () => {
    assert.deepEqual((await trade({ grant_type: 'password' }))[1].error, 'unsupported_grant_type');
  });

  it('an unknown or expired token returns 401', async (context) => {
    const brief = await startStandIn({ rules, serviceAccount: account, accessTokenSeconds: 1 });
    context.after(() => brief.close());
    const [, { access_token: token }] = await trade(
      { grant_type: GRANT_TYPE, assertion: assertion(account) },
      brief.url,
    );
    assert.equal((await write(token, brief)).status, 200);
    // The token of the other stand-in.
    assert.equal((await write(token)).status, 401);
    const deadline = Date.now() + 5000;
    let response;
    do response = await write(token, brief);
    while (response.ok && Date.now() < deadline);
    assert.deepEqual([response.status, await response.json()], [401, { error: 'Unauthorized request.' }]);
  });
});
