import assert from 'node:assert/strict';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import { getDatabaseWithUrl, ServerValue } from 'firebase-admin/database';
import { after, before, beforeEach, describe, it } from 'node:test';
import { eventually } from './testing/eventually.mjs';
import { peer } from './testing/peer.mjs';
import { suiteRules } from './testing/suite-rules.mjs';

const database = await peer();
before(() => database.useRules(suiteRules));
beforeEach(() => database.reset());

const apps = [];
after(() => Promise.all(apps.map((app) => deleteApp(app))));

function admin(options = {}) {
  const app = initializeApp(
    { databaseURL: database.databaseUrl, projectId: 'demo-suite', ...options },
    `admin-${apps.length}`,
  );
  apps.push(app);
  return getDatabaseWithUrl(database.databaseUrl, app);
}

describe('firebase-admin for Node', () => {
  it('bypasses the rules', async () => {
    const db = admin();
    await db.ref('secret/x').set({ a: 1 });
    assert.deepEqual((await db.ref('secret').get()).val(), { x: { a: 1 } });
    assert.deepEqual(await database.data('/secret'), { x: { a: 1 } });
  });

  it('is subject to the rules with databaseAuthVariableOverride', async () => {
    const db = admin({ databaseAuthVariableOverride: { uid: 'a' } });
    await db.ref('mine/a').set(1);
    await assert.rejects(db.ref('mine/b').set(1), /permission_denied/i);
    await assert.rejects(db.ref('secret').get(), /permission.denied/i);
    const nobody = admin({ databaseAuthVariableOverride: null });
    await assert.rejects(nobody.ref('mine/a').get(), /permission.denied/i);
  });

  it('listens, queries, pushes and runs transactions', async () => {
    const db = admin();
    const heard = [];
    db.ref('open/list')
      .orderByChild('rank')
      .limitToLast(2)
      .on('child_added', (snapshot) => heard.push(snapshot.val().rank));
    for (const rank of [1, 3, 2]) await db.ref('open/list').push({ rank, at: ServerValue.TIMESTAMP });
    await eventually(() => heard, [1, 3, 2]);
    const { snapshot } = await db.ref('open/n').transaction((n) => (n ?? 0) + 1);
    assert.equal(snapshot.val(), 1);
    await db.ref().update({ 'open/n': ServerValue.increment(4) });
    assert.equal(await database.data('/open/n'), 5);
  });

  it('reads and sets the rules', async () => {
    const credential = { getAccessToken: async () => ({ access_token: 'owner', expires_in: 3600 }) };
    const db = admin({ credential });
    const rules = await db.getRulesJSON();
    assert.deepEqual(rules, suiteRules);
    await db.setRules(JSON.stringify(suiteRules));
  });
});
