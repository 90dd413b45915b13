// `make sample SEED=1`: prints 60 comments and 40 paragraphs at random, for the language check of CONTRIBUTING.md.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const COMMENTS = 60;
const PARAGRAPHS = 40;
const seed = Number(process.argv[2] ?? 1);

const files = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' })
  .split('\0')
  .filter((file) => file && !/(^|\/)(generated|plans)\/|package-lock|results\.json/.test(file))
  // Landed migrations are never edited, not even their comments: the migration tool compares checksums.
  .filter((file) => !/^migrations\/V00(0\d|1[0-3])__/.test(file));

const MARKERS = [
  [/\.rs$/, /^\s*\/\/[/!]?\s?/],
  [/\.(mjs|ts|tsx|js)$/, /^\s*(?:\/\/|\/\*\*?|\*\/?)\s?/],
  [/\.sql$/, /^\s*--\s?/],
  [/(\.ya?ml|\.toml|\.sh|Makefile|\.ci\/run)$/, /^\s*#\s/],
];

/** Returns the blocks of adjacent comment lines in a file. */
function comments(file, marker) {
  const blocks = [];
  let block = null;
  readFileSync(file, 'utf8').split('\n').forEach((line, index) => {
    if (!marker.test(line)) return void (block = null);
    if (!block) blocks.push((block = { at: `${file}:${index + 1}`, lines: [] }));
    block.lines.push(line.replace(marker, '').replace(/\*\/\s*$/, '').trimEnd());
  });
  return blocks.map(({ at, lines }) => ({ at, text: lines.join('\n').trim() }));
}

/** Returns the paragraphs and list items of a Markdown file, without code blocks and tables. */
function paragraphs(file) {
  const blocks = [];
  let line = 1;
  let isCode = false;
  for (const part of readFileSync(file, 'utf8').split(/(\n\n+)/)) {
    const fences = part.match(/^```/gm)?.length ?? 0;
    const startsInCode = isCode;
    if (fences % 2) isCode = !isCode;
    if (!startsInCode && !fences && !/^\s*[|#!]/.test(part)) blocks.push({ at: `${file}:${line}`, text: part.trim() });
    line += part.split('\n').length - 1;
  }
  return blocks;
}

const isProse = ({ text }) => text.split(/\s+/).length >= 6 && /[a-z]{3}/.test(text) && !/^[-=─ ]+/.test(text);

/** Returns a random number generator (mulberry32). One seed always gives the same sample. */
function random(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function take(count, from, next) {
  const left = [...from];
  return Array.from({ length: Math.min(count, left.length) }, () => left.splice(Math.floor(next() * left.length), 1)[0]);
}

const next = random(seed);
const all = files.flatMap((file) => {
  const marker = MARKERS.find(([ending]) => ending.test(file))?.[1];
  return marker ? comments(file, marker) : [];
});
const sample = [
  ...take(COMMENTS, all.filter(isProse), next),
  ...take(PARAGRAPHS, files.filter((file) => file.endsWith('.md')).flatMap(paragraphs).filter(isProse), next),
];
sample.forEach(({ at, text }, index) => console.log(`[${index + 1}] ${at}\n${text}\n`));
