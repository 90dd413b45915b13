// Checks that each relative link, image and anchor of a Markdown file, and each page of docs/ that a comment names,
// exists. Needs no server; `make check` runs it alone.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path && existsSync(join(root, path)));
const read = (path) => readFileSync(join(root, path), 'utf8');

/** Returns the text without code, where brackets and hashes have other meanings. */
const withoutCode = (markdown) =>
  markdown.replace(/^ *(```|~~~)[\s\S]*?^ *\1.*$/gm, '').replace(/(`+)[^`][\s\S]*?\1/g, '');

/** Returns the ids that GitHub gives to the headings of a page. A repeated heading gets a number. */
function anchorsOf(markdown) {
  const times = new Map();
  const withoutBlocks = markdown.replace(/^ *(```|~~~)[\s\S]*?^ *\1.*$/gm, '');
  return [...withoutBlocks.matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, heading]) => {
    const text = heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const id = text.replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '').replaceAll(' ', '-');
    const before = times.get(id) ?? 0;
    times.set(id, before + 1);
    return before ? `${id}-${before}` : id;
  });
}

/** Returns what is wrong with a link of the file, or undefined. */
function faultOf(file, target) {
  const [path, anchor] = decodeURI(target).split('#');
  const page = path ? relative(root, join(root, dirname(file), path)) : file;
  if (!existsSync(join(root, page))) return `${file}: ${target}: there is no such file`;
  if (!anchor || !page.endsWith('.md')) return undefined;
  return anchorsOf(read(page)).includes(anchor) ? undefined : `${file}: ${target}: there is no such heading`;
}

test('each relative link of a Markdown file leads to a file and a heading that exist', () => {
  const faults = tracked
    .filter((path) => path.endsWith('.md'))
    .flatMap((file) => {
      const targets = [...withoutCode(read(file)).matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)].map(([, target]) => target);
      return targets.filter((target) => !/^[a-z]+:/.test(target)).map((target) => faultOf(file, target));
    });
  assert.ok(faults.length > 100, 'the links are found');
  assert.deepEqual(faults.filter(Boolean), []);
});

test('each page of docs/ that a file names exists, with the heading', () => {
  const named = execFileSync('git', ['grep', '-IohE', String.raw`\bdocs/[a-z-]+\.md(#[a-z0-9-]+)?`, '--', ':!*.md'], {
    cwd: root,
    encoding: 'utf8',
  });
  const faults = [...new Set(named.trim().split('\n'))].map((target) => faultOf('README.md', target));
  assert.deepEqual(faults.filter(Boolean), []);
});

test('docs/README.md lists each page of docs/, and each page says what kind of page it is', () => {
  const index = read('docs/README.md');
  const pages = tracked.filter((path) => /^docs\/[a-z-]+\.md$/.test(path));
  const missing = pages.filter((path) => !index.includes(`](${relative('docs', path)})`));
  assert.deepEqual(missing, []);
  const kinds = /^\*(Tutorial|How-to|Reference|Explanation|(How-to|Reference) and \w+)\.\*/m;
  assert.deepEqual(pages.filter((path) => !kinds.test(read(path))), []);
});
