// The plans that `make bench` has written of every statement, on a million messages: none reads a large table through.
// (Of a thousand users it may read all: there are no fewer pages in their index.)

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { ROOT } from '../dev/parts/places.mjs';

const PLANS = join(ROOT, 'bench', 'plans');
const LARGE = ['chat_messages', 'chat_rooms', 'chat_message_search', 'deliveries'];

for (const file of readdirSync(PLANS)) {
  test(`${file.replace('.txt', '')} reads by an index`, () => {
    const plan = readFileSync(join(PLANS, file), 'utf8');
    for (const table of LARGE) assert.doesNotMatch(plan, new RegExp(`Seq Scan on (public\\.)?${table}\\b`));
  });
}
