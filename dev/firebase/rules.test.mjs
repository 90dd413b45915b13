import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, beforeEach, describe, it } from 'node:test';
import { attacks } from '../../firebase/attacks.mjs';
import { permissions } from '../../firebase/permissions.mjs';
import { people, world } from '../../firebase/world.mjs';
import { peer } from './testing/peer.mjs';

/** Tests the tables of firebase/, which targaryen evaluates there, against a database over REST. */

const database = await peer();
const rules = JSON.parse(readFileSync(new URL('../../firebase/database.rules.json', import.meta.url), 'utf8'));
before(() => database.useRules(rules));
beforeEach(() => database.reset(world));

const METHOD = { read: 'GET', write: 'PUT', update: 'PATCH' };

async function attempt(who, operation, path, value = null) {
  const options = operation === 'read' ? { params: restQuery(value) } : { body: value };
  const as = people[who];
  return (await database.rest(METHOD[operation], `${path}.json`, { ...options, as })).status;
}

function restQuery(query) {
  if (query === null) return {};
  const { orderByChild: orderBy, ...rest } = query;
  return Object.fromEntries(Object.entries({ orderBy, ...rest }).map(([name, value]) => [name, JSON.stringify(value)]));
}

describe('permissions', () => {
  for (const [rule, cases] of Object.entries(permissions)) {
    it(rule, async () => {
      for (const [who, operation, path, value, allowed] of cases) {
        const status = await attempt(who, operation, path, value);
        assert.equal(status, allowed ? 200 : 401, `${who}: ${operation} ${path} ${JSON.stringify(value)}`);
        if (allowed && operation !== 'read') await database.reset(world);
      }
    });
  }
});

describe('attacks', () => {
  for (const [name, who, operation, path, value] of attacks) {
    it(`${name} → denied`, async () => {
      const status = await attempt(who, operation, path, value);
      // An order without an index is rejected before the rules are evaluated.
      assert.ok([400, 401].includes(status), `${status}`);
      assert.deepEqual(await database.data(), world);
    });
  }
});
