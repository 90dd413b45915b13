// `make clean-dev`: forgets the data of the local stack. What was installed stays.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DIRECTORY, ROOT } from './parts/places.mjs';
import { lock } from './parts/lock.mjs';
import { placeOfRoot } from './parts/postgres-server.mjs';

/** What install.sh has put there. */
const INSTALLED = ['venv', 'installed'];

try {
  lock(join(DIRECTORY, 'stack.pid'));
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
for (const name of readdirSync(DIRECTORY)) {
  if (!INSTALLED.includes(name)) rmSync(join(DIRECTORY, name), { recursive: true });
}
if (process.getuid() === 0) rmSync(placeOfRoot(ROOT), { recursive: true, force: true });
