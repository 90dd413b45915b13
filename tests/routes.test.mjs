// One route, four places: template.yaml deploys it, Cargo.toml serves it locally, openapi.yaml describes it, and
// functions/ has its code. They must say the same.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { parse as parseToml } from 'smol-toml';

import { functionNameOf, functions } from './support/template.mjs';
import { openapi } from './support/contract.mjs';

const root = new URL('../', import.meta.url);
const PREFIX = '/api/v1/chat';

/** Functions that nobody calls over HTTP: a schedule's and the deployment's. */
const WITHOUT_ROUTE = ['migrate-database', 'mirror-rooms', 'roll-up-analytics', 'send-pushes'];

const route = (method, path, name) => `${method.toUpperCase()} ${path} ${name}`;
const kebab = (camel) => camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const inTemplate = functions.flatMap(([logicalId, { Properties }]) =>
  Object.values(Properties.Events ?? {})
    .filter(({ Type }) => Type === 'Api')
    .map(({ Properties: { Method, Path } }) => route(Method, Path, functionNameOf(logicalId))),
);

const inOpenapi = Object.entries(openapi.paths).flatMap(([path, item]) =>
  ['get', 'post', 'put', 'patch', 'delete']
    .filter((method) => item[method])
    .map((method) => route(method, path.replace(/\/$/, ''), kebab(item[method].operationId))),
);

const { router } = parseToml(readFileSync(new URL('Cargo.toml', root), 'utf8')).workspace.metadata.lambda.watch;
const routed = Object.entries(router).flatMap(([path, targets]) =>
  targets.map(({ method, function: name }) => route(method, path, name)),
);

const folders = readdirSync(new URL('functions/', root), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const sorted = (list) => list.toSorted();
const withSlash = (routes) => routes.map((text) => text.replace(/ (\S+) /, ' $1/ '));
const withoutPrefix = (routes) => routes.map((text) => text.replace(` ${PREFIX}`, ' '));

describe('routes', () => {
  test('the template and openapi.yaml have the same', () => {
    assert.deepEqual(sorted(inTemplate), sorted(inOpenapi));
  });

  test('the local stack has the same, with and without the trailing slash and the prefix', () => {
    const both = [...inTemplate, ...withSlash(inTemplate)];
    assert.deepEqual(sorted(routed), sorted([...both, ...withoutPrefix(both)]));
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
    assert.deepEqual(sorted(folders), sorted([...inTemplate.map((text) => text.split(' ')[2]), ...WITHOUT_ROUTE]));
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
