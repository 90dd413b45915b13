// The variables of `.dev/env` that the tests read, besides those of tests/support.

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

if (!process.env.WEB_URL)
  throw new Error('WEB_URL is not set: run `make test`, or `make dev` and then source .dev/env');

export const WEB_URL = process.env.WEB_URL.replace(/\/$/, '');
/** Debian's Chromium; Chrome on Ubuntu, which has Chromium only as a snap. */
export const CHROMIUM = process.env.CHROMIUM || onPath('chromium', 'google-chrome');
export const SCREENSHOTS = fileURLToPath(new URL('../../screenshots/', import.meta.url));

function onPath(...names) {
  const folders = process.env.PATH.split(delimiter);
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  if (!found) throw new Error('There is no Chromium: dev/install.sh check installs it, or CHROMIUM says where it is');
  return found;
}
