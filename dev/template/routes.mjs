// Copies the routes of template.yaml to Cargo.toml for `cargo lambda watch`.
//
//   dev/node dev/template/routes.mjs [--check]     --check: changes nothing, and fails if they differ
import { readFileSync, writeFileSync } from 'node:fs';

import { routes } from '../../tests/support/template.mjs';

const FILE = new URL('../../Cargo.toml', import.meta.url);
const SECTION = '[workspace.metadata.lambda.watch.router]\n';

// API Gateway adds the trailing slash itself; `cargo lambda watch` needs both forms.
const lines = [...new Set(routes.map(({ path }) => path))].flatMap((path) => {
  const targets = routes.filter((route) => route.path === path);
  const value = targets.map(({ method, name }) => `{ method = "${method}", function = "${name}" }`).join(', ');
  return [path, `${path}/`].map((form) => `"${form}" = [${value}]\n`);
});

const before = readFileSync(FILE, 'utf8');
const start = before.indexOf(SECTION) + SECTION.length;
// The section is the last one of the file.
const after = `${before.slice(0, start)}${lines.join('')}`;
if (after === before) process.exit();
if (process.argv.includes('--check')) {
  console.error('The routes in Cargo.toml are not those of template.yaml: run `make routes`.');
  process.exit(1);
}
writeFileSync(FILE, after);
