import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import targaryen from 'targaryen';
import { attacks } from './attacks.mjs';
import { permissions } from './permissions.mjs';
import { people, world } from './world.mjs';

const rules = JSON.parse(readFileSync(new URL('database.rules.json', import.meta.url), 'utf8'));
const database = targaryen.database(rules, world, Date.now());

function attempt(who, operation, path, value = null) {
  const as = database.as(people[who]);
  if (operation === 'read') return as.read(path, { now: Date.now(), query: value ?? undefined });
  return operation === 'write' ? as.write(path, value) : as.update(path, value);
}

const title = (who, operation, path, value) =>
  `${who}: ${operation} ${path} ${value === null ? '' : JSON.stringify(value).slice(0, 90)}`.trim();

for (const [rule, cases] of Object.entries(permissions)) {
  describe(rule, () => {
    for (const [who, operation, path, value, allowed] of cases) {
      it(`${title(who, operation, path, value)} → ${allowed ? 'allowed' : 'denied'}`, () => {
        const result = attempt(who, operation, path, value);
        assert.equal(result.allowed, allowed, result.info);
      });
    }
  });
}

describe('attacks', () => {
  for (const [name, ...attack] of attacks) {
    it(`${name} → denied`, () => {
      const result = attempt(...attack);
      assert.equal(result.allowed, false, result.info);
    });
  }
});

describe('indexes', () => {
  it('the orders that clients use for messages are indexed', () => {
    assert.deepEqual(rules.rules.chats.$chat.messages['.indexOn'], ['timestamp', 'seq']);
  });
});
