// Compares the routes of template.yaml, which deploys them, openapi.yaml, which describes them, functions/, which has
// their code, and Cargo.toml, which has a copy for `cargo lambda watch` (`make routes`; `make check` compares it).

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { parse as parseToml } from 'smol-toml';

import { functionNameOf, functions, routes } from './support/template.mjs';
import { openapi } from './support/contract.mjs';

const root = new URL('../', import.meta.url);

/** Functions without a route: they run on a schedule, at deployment or for an operator. */
const WITHOUT_ROUTE = ['deliver-pending', 'maintain-rooms', 'migrate-database', 'preflight', 'repair-mirror', 'roll-up-analytics'];

const route = (method, path, name) => `${method.toUpperCase()} ${path} ${name}`;
const kebab = (camel) => camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const inTemplate = routes.map(({ method, path, name }) => route(method, path, name));

const inOpenapi = Object.entries(openapi.paths).flatMap(([path, item]) =>
  ['get', 'post', 'put', 'patch', 'delete']
    .filter((method) => item[method])
    .map((method) => route(method, path.replace(/\/$/, ''), kebab(item[method].operationId))),
);

const folders = readdirSync(new URL('functions/', root), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const sorted = (list) => list.toSorted();

describe('routes', () => {
  test('of the template and of openapi.yaml are the same, apart from HEAD', () => {
    assert.deepEqual(sorted(inTemplate.filter((text) => !text.startsWith('HEAD '))), sorted(inOpenapi));
  });

  test('end with a slash in openapi.yaml', () => {
    for (const path of Object.keys(openapi.paths)) assert.match(path, /^\/api\/v1\/chat\/.*\/$/);
  });

  test('do not end with a slash in the template, because API Gateway adds that form', () => {
    for (const text of inTemplate) assert.doesNotMatch(text, /\/ /);
  });
});

describe('functions', () => {
  test('have a route, or are listed as functions without one', () => {
    assert.deepEqual(sorted(folders), sorted([...new Set(routes.map(({ name }) => name)), ...WITHOUT_ROUTE]));
  });

  test('are built from the folder with their name', () => {
    for (const [logicalId, { Properties }] of functions) {
      assert.equal(Properties.CodeUri, `functions/${functionNameOf(logicalId)}`);
    }
    assert.deepEqual(sorted(functions.map(([logicalId]) => functionNameOf(logicalId))), sorted(folders));
  });

  test('have a package and a binary with the name of the folder', () => {
    for (const folder of folders) {
      const manifest = parseToml(readFileSync(new URL(`functions/${folder}/Cargo.toml`, root), 'utf8'));
      assert.equal(manifest.package.name, folder);
    }
  });
});
