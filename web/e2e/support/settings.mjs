// What the tests need to know of the running stack besides what tests/support reads: the variables of `.dev/env`.

import { fileURLToPath } from 'node:url';

if (!process.env.WEB_URL)
  throw new Error('WEB_URL is not set: run `make test`, or `make dev` and then source .dev/env');

export const WEB_URL = process.env.WEB_URL.replace(/\/$/, '');
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const SCREENSHOTS = fileURLToPath(new URL('../../screenshots/', import.meta.url));
