// Checks that the binaries of `make build` can start on Lambda, prints their sizes, and writes the sizes to
// docs/artefacts.md.
//
//   dev/node dev/artefacts.mjs x86_64|arm64
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { functionNames } from './parts/functions.mjs';
import { ROOT } from './parts/places.mjs';

const [architecture] = process.argv.slice(2);
/** The version of `provided.al2023`. A binary that needs a newer one does not start. */
const GLIBC = '2.34';
const MACHINES = { arm64: 'AArch64', x86_64: 'X86-64' };
const mb = (bytes) => (bytes / 1_000_000).toFixed(2);

const names = functionNames(ROOT);
const fileOf = (name) => join(ROOT, 'target', 'lambda', name, 'bootstrap');
const readelf = (option, file) => execFileSync('readelf', ['--wide', option, file], { encoding: 'utf8', maxBuffer: 1e8 });

/** Yields each reason why a binary cannot start on Lambda. */
function* faults(name) {
  if (!readelf('--file-header', fileOf(name)).includes(MACHINES[architecture])) yield `${name} is not built for ${architecture}`;
  const needed = [...readelf('--version-info', fileOf(name)).matchAll(/GLIBC_([\d.]+)/g)].map(([, version]) => version);
  const newest = needed.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  if (!newest) yield `${name} names no version of GLIBC`;
  else if (newest.localeCompare(GLIBC, 'en', { numeric: true }) > 0) yield `${name} needs GLIBC ${newest}; Lambda has ${GLIBC}`;
}
const found = names.flatMap((name) => [...faults(name)]);
if (found.length > 0) {
  console.error(found.join('\n'));
  process.exit(1);
}

// A zip file has about 200 bytes more, for names.
const sizes = names.map((name) => {
  const binary = readFileSync(fileOf(name));
  return { name, bare: binary.length, zipped: deflateRawSync(binary).length };
});
const total = (which) => sizes.reduce((sum, size) => sum + size[which], 0);
const rows = [...sizes, { name: 'together', bare: total('bare'), zipped: total('zipped') }];
const table = ['| function | MB | zipped, MB |', '| --- | ---: | ---: |', ...rows.map((it) => `| \`${it.name}\` | ${mb(it.bare)} | ${mb(it.zipped)} |`)];
console.log(table.join('\n'));

const file = join(ROOT, 'docs', 'artefacts.md');
const before = existsSync(file) ? readFileSync(file, 'utf8') : '# Artefacts\n\n*Reference.* Sizes of the binaries that a cold start loads. `make build` writes this file.\n';
const heading = `## ${architecture}`;
const section = `${heading}\n\n\`make build ARCH=${architecture}\`\n\n${table.join('\n')}\n`;
// The section of this architecture, up to the next one.
const others = before.split(/\n(?=## )/).filter((part) => part.trim() && !part.startsWith(heading));
writeFileSync(file, `${[...others.map((part) => part.trimEnd()), section.trimEnd()].join('\n\n')}\n`);
