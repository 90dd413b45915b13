// Prints how large the functions are that `make build` has built, and records it in docs/artefacts.md.
//
//   dev/node dev/artefacts.mjs x86_64|arm64
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { functionNames } from './parts/functions.mjs';
import { ROOT } from './parts/places.mjs';

const [architecture] = process.argv.slice(2);
const mb = (bytes) => (bytes / 1_000_000).toFixed(2);

// A zip file is this and two hundred bytes of names.
const sizes = functionNames(ROOT).map((name) => {
  const binary = readFileSync(join(ROOT, 'target', 'lambda', name, 'bootstrap'));
  return { name, bare: binary.length, zipped: deflateRawSync(binary).length };
});
const total = (which) => sizes.reduce((sum, size) => sum + size[which], 0);
const rows = [...sizes, { name: 'together', bare: total('bare'), zipped: total('zipped') }];
const table = ['| function | MB | zipped, MB |', '| --- | ---: | ---: |', ...rows.map((it) => `| \`${it.name}\` | ${mb(it.bare)} | ${mb(it.zipped)} |`)];
console.log(table.join('\n'));

const file = join(ROOT, 'docs', 'artefacts.md');
const before = existsSync(file) ? readFileSync(file, 'utf8') : '# Artefacts\n\nWhat a cold start loads, as `make build` writes it here.\n';
const heading = `## ${architecture}`;
const section = `${heading}\n\n\`make build ARCH=${architecture}\`\n\n${table.join('\n')}\n`;
// The section of this architecture, up to the next one.
const others = before.split(/\n(?=## )/).filter((part) => part.trim() && !part.startsWith(heading));
writeFileSync(file, `${[...others.map((part) => part.trimEnd()), section.trimEnd()].join('\n\n')}\n`);
