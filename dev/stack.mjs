// `make dev`: runs the whole backend on this machine until Ctrl-C.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { lock } from './parts/lock.mjs';
import { readSettings } from './parts/settings.mjs';
import { Stack } from './parts/stack.mjs';
import { DIRECTORY, ROOT } from './parts/places.mjs';
import { stopRequest } from './terminal/signals.mjs';
import { writeEnvFile } from './terminal/env-file.mjs';
import { screen } from './terminal/screen.mjs';

const environmentFile = join(DIRECTORY, 'env');
const stopRequested = stopRequest();
const unlock = lockOrFail();

try {
  const settings = readSettings(process.env, { directory: DIRECTORY });
  // Scripts wait for this file, so the one of the last start must go.
  rmSync(environmentFile, { force: true });
  rmSync(join(DIRECTORY, 'logs'), { recursive: true, force: true });

  const say = (text) => console.log(`  ${text}`);
  const onWebhook = (event) => console.log(`  Webhook: ${event}`);
  const stack = new Stack(settings, { root: ROOT, say, onWebhook, signal: stopRequested.signal });
  await stack.start();
  writeEnvFile(environmentFile, stack.variables);
  console.log(screen({ settings, root: ROOT, ...stack }));
  stack.watch();

  await stopRequested.promise;
  console.log('\nStopping');
  rmSync(environmentFile);
  await stack.stop();
} catch (error) {
  if (!stopRequested.signal.aborted) {
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}
unlock();
process.exit();

function lockOrFail() {
  try {
    return lock(join(DIRECTORY, 'stack.pid'));
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
