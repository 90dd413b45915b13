// One route, four places: template.yaml deploys it, openapi.yaml describes it, functions/ has its code, and Cargo.toml
// has a copy for `cargo lambda watch` (`make routes`; `make check` compares it). They must agree.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { parse as parseToml } from 'smol-toml';

import { functionNameOf, functions, routes } from './support/template.mjs';
import { openapi } from './support/contract.mjs';

const root = new URL('../', import.meta.url);

/** Functions that nobody calls over HTTP: a schedule's and the deployment's. */
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
  test('the template and openapi.yaml have the same; a description has no HEAD beside GET', () => {
    assert.deepEqual(sorted(inTemplate.filter((text) => !text.startsWith('HEAD '))), sorted(inOpenapi));
  });

  test('openapi.yaml names each path in its canonical form, with the slash', () => {
    for (const path of Object.keys(openapi.paths)) assert.match(path, /^\/api\/v1\/chat\/.*\/$/);
  });

  test('the template names none with the slash, which API Gateway adds by itself', () => {
    for (const text of inTemplate) assert.doesNotMatch(text, /\/ /);
  });
});

describe('functions', () => {
  test('the folders are the routes’ functions and those without a route', () => {
    assert.deepEqual(sorted(folders), sorted([...new Set(routes.map(({ name }) => name)), ...WITHOUT_ROUTE]));
  });

  test('the template builds each from the folder of its name', () => {
    for (const [logicalId, { Properties }] of functions) {
      assert.equal(Properties.CodeUri, `functions/${functionNameOf(logicalId)}`);
    }
    assert.deepEqual(sorted(functions.map(([logicalId]) => functionNameOf(logicalId))), sorted(folders));
  });

  test('each package bears the name of its folder, which is also its binary’s', () => {
    for (const folder of folders) {
      const manifest = parseToml(readFileSync(new URL(`functions/${folder}/Cargo.toml`, root), 'utf8'));
      assert.equal(manifest.package.name, folder);
    }
  });
});
