import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What the local stack keeps: nothing of it is committed. */
export const DIRECTORY = join(ROOT, '.dev');
