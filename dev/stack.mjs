// `make dev`: the whole backend on this machine, until Ctrl-C.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { lock } from './parts/lock.mjs';
import { requireFreePort } from './parts/processes.mjs';
import { readSettings } from './parts/settings.mjs';
import { Stack } from './parts/stack.mjs';
import { DIRECTORY, ROOT } from './parts/places.mjs';
import { untilAsked } from './terminal/signals.mjs';
import { writeEnvFile } from './terminal/env-file.mjs';
import { screen } from './terminal/screen.mjs';
import { localConfig, startWeb } from './web.mjs';

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
  const page = await startPage(settings.web, stack.variables);
  writeEnvFile(environmentFile, stack.variables);
  console.log(screen({ settings, root: ROOT, page, ...stack }));
  stack.watch();

  await asked.promise;
  console.log('\nStopping');
  rmSync(environmentFile);
  await page?.close();
  await stack.stop();
} catch (error) {
  if (!asked.signal.aborted) {
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}
unlock();
process.exit();

/** The page with two phones, if `make web` has built it. */
async function startPage({ host, port }, variables) {
  if (!existsSync(join(ROOT, 'web', 'dist', 'index.html'))) return undefined;
  await requireFreePort(port, host, { what: 'the page', variable: 'WEB_PORT' });
  return startWeb({ host, port, config: await localConfig(variables) });
}

function lockOrFail() {
  try {
    return lock(join(DIRECTORY, 'stack.pid'));
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
