// Checks that every script parses, including those that no other test runs. Needs no server.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import { ROOT } from '../dev/parts/places.mjs';

/** Prints the error of each file that is not a valid module. One process parses them all. */
const PARSE = `
  import { readFileSync } from 'node:fs';
  import { SourceTextModule } from 'node:vm';
  for (const identifier of process.argv.slice(1)) {
    try { new SourceTextModule(readFileSync(identifier, 'utf8'), { identifier }); } catch (error) { console.log(error.stack); }
  }`;

test('every .mjs file parses', () => {
  const run = (program, ...args) => execFileSync(program, args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const files = run('git', 'ls-files', '--', '*.mjs').trim().split('\n');
  assert.ok(files.length > 100);
  assert.equal(run(process.execPath, '--experimental-vm-modules', '--input-type=module', '--eval', PARSE, ...files), '');
});
