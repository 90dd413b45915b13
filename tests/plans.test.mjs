// The query plans that `make bench` records on a million messages: none scans a large table. (PostgreSQL may scan a
// table of a thousand users, because its index has as many pages.)

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { ROOT } from '../dev/parts/places.mjs';

const PLANS = join(ROOT, 'bench', 'plans');
const LARGE = ['chat_messages', 'chat_rooms', 'chat_message_search', 'deliveries'];

for (const file of readdirSync(PLANS)) {
  test(`${file.replace('.txt', '')} uses an index`, () => {
    const plan = readFileSync(join(PLANS, file), 'utf8');
    for (const table of LARGE) assert.doesNotMatch(plan, new RegExp(`Seq Scan on (public\\.)?${table}\\b`));
  });
}
