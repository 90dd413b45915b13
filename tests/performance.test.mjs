// docs/performance.md has the tables of bench/results.json: `make bench` writes both.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { DOCUMENT, documentWith } from '../bench/document.mjs';
import { ROOT } from '../dev/parts/places.mjs';

test('the tables of docs/performance.md are those of bench/results.json', () => {
  const results = JSON.parse(readFileSync(join(ROOT, 'bench', 'results.json'), 'utf8'));
  assert.equal(readFileSync(DOCUMENT, 'utf8'), documentWith(results));
});
