// `make clean-dev`: deletes the data of the local stack. It keeps installed tools and the directories of running
// tests.
import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { lock } from './parts/lock.mjs';
import { DIRECTORY, ROOT } from './parts/places.mjs';
import { rootDataDirectory } from './parts/postgres-server.mjs';

/** Directories that dev/install.sh creates. */
const INSTALLED = ['venv', 'checkov'];

try {
  lock(join(DIRECTORY, 'stack.pid'));
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
for (const name of readdirSync(DIRECTORY)) {
  if (!INSTALLED.includes(name) && !name.startsWith('test-')) rmSync(join(DIRECTORY, name), { recursive: true });
}
if (process.getuid() === 0) rmSync(join(rootDataDirectory(ROOT), basename(DIRECTORY)), { recursive: true, force: true });
