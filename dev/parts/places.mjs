import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The data of local stacks. It is not committed. */
export const DIRECTORY = join(ROOT, '.dev');
