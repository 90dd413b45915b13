import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { before, describe, it } from 'node:test';
import { peer } from './testing/peer.mjs';
import { suiteRules } from './testing/suite-rules.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The project's own Python environment, which dev/install.sh creates. */
const PYTHON = process.env.RELAIS_PYTHON ?? here('../../.dev/venv/bin/python');

const database = await peer();
before(() => database.useRules(suiteRules));

describe('firebase-admin for Python', () => {
  it('writes, reads, queries, listens, and is subject to the rules', async () => {
    const { stdout } = await promisify(execFile)(PYTHON, [here('testing/admin_python.py'), database.databaseUrl], {
      timeout: 60_000,
    });
    assert.equal(stdout.trim(), 'ok');
  });
});
