// `make clean-dev`: forgets the data of the local stack. What was installed stays, and what tests are at work on.
import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { lock } from './parts/lock.mjs';
import { DIRECTORY, ROOT } from './parts/places.mjs';
import { placeOfRoot } from './parts/postgres-server.mjs';

/** By dev/install.sh. */
const INSTALLED = ['venv', 'checkov'];

try {
  lock(join(DIRECTORY, 'stack.pid'));
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const INSTALLED = ['checkov', 'venv'];
for (const name of readdirSync(DIRECTORY)) {
  if (!INSTALLED.includes(name) && !name.startsWith('test-')) rmSync(join(DIRECTORY, name), { recursive: true });
}
if (process.getuid() === 0) rmSync(join(placeOfRoot(ROOT), basename(DIRECTORY)), { recursive: true, force: true });
