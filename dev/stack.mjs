// `make dev`: the whole backend on this machine, until Ctrl-C.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { lock } from './parts/lock.mjs';
import { readSettings } from './parts/settings.mjs';
import { Stack } from './parts/stack.mjs';
import { DIRECTORY, ROOT } from './parts/places.mjs';
import { untilAsked } from './terminal/signals.mjs';
import { writeEnvFile } from './terminal/env-file.mjs';
import { screen } from './terminal/screen.mjs';

const environmentFile = join(DIRECTORY, 'env');
const asked = untilAsked();
const unlock = lockOrFail();

try {
  const settings = readSettings(process.env, { directory: DIRECTORY });
  // Whoever waits for it waits for this start, not for the last one.
  rmSync(environmentFile, { force: true });
  rmSync(join(DIRECTORY, 'logs'), { recursive: true, force: true });

  const stack = new Stack(settings, { root: ROOT, say: (text) => console.log(`  ${text}`), signal: asked.signal });
  await stack.start();
  writeEnvFile(environmentFile, stack.variables);
  console.log(screen({ settings, root: ROOT, ...stack }));
  stack.watch();

  await asked.promise;
  console.log('\nStopping');
  rmSync(environmentFile);
  await stack.stop();
} catch (error) {
  if (!asked.signal.aborted) {
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
