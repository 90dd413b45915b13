import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeEnvFile } from './env-file.mjs';

test('a shell reads the same values back, and only the owner can read the file', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'relais-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'env');
  const variables = { PLAIN: 'http://127.0.0.1:8000/?ns=a', EMPTY: '', ODD: `it's a "$HOME" & more; \\ é` };
  writeEnvFile(file, variables);
  for (const [name, value] of Object.entries(variables)) {
    assert.equal(execFileSync('sh', ['-c', `. ${file}; printf %s "$${name}"`], { encoding: 'utf8' }), value);
  }
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match(readFileSync(file, 'utf8'), /^PLAIN=http/m, 'without quotes where none are needed');
});
