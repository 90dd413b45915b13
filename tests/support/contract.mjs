// Checks each response of the suite against openapi.yaml: operation, status, headers and body. The published schemas
// allow further fields; this check rejects them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import addFormats from 'ajv-formats';
import Ajv from 'ajv/dist/2020.js';
import { parse } from 'yaml';

export const openapi = parse(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8'));

const resolve = ({ $ref, ...rest }) =>
  $ref
    ? $ref
        .slice(2)
        .split('/')
        .reduce((node, key) => node[key], openapi)
    : rest;

/**
 * Merges the parts of an `allOf` into one object. Closed one by one, each part would reject the fields of the others.
 */
function merged({ allOf, ...rest }) {
  const parts = allOf.map(resolve);
  const properties = Object.assign({}, ...parts.map((part) => part.properties));
  return { ...rest, type: 'object', required: parts.flatMap(({ required = [] }) => required), properties };
}

/** Returns a copy of the schemas in which no object has fields that the schema does not name. */
function closed(node) {
  if (Array.isArray(node)) return node.map(closed);
  if (node === null || typeof node !== 'object') return node;
  if (node.allOf) return closed(merged(node));
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  return copy.type === 'object' && copy.properties ? { additionalProperties: false, ...copy } : copy;
}

const ajv = addFormats(new Ajv({ strict: false, allErrors: true }));
const schemas = { ...openapi.components.schemas, ...openapi['x-firebase'].schemas };
ajv.addSchema({ $id: 'relais', components: { schemas: closed(schemas) } });

const validators = new Map();
function validator(schema) {
  const key = JSON.stringify(schema);
  if (!validators.has(key)) {
    validators.set(key, ajv.compile(JSON.parse(key.replaceAll('"#/', '"relais#/'))));
  }
  return validators.get(key);
}

// Match paths without parameters first: `/rooms/unread_count/` is not a room.
const routes = Object.entries(openapi.paths)
  .map(([path, item]) => ({
    item,
    pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+').replace(/\/$/, '/?')}$`),
    path,
  }))
  .sort((a, b) => a.path.includes('{') - b.path.includes('{'));

function operationOf(method, pathname) {
  const route = routes.find(({ pattern }) => pattern.test(pathname));
  return route?.item[method.toLowerCase()];
}

/** Fails unless openapi.yaml describes this webhook. */
export function checkWebhook(event) {
  const webhook = openapi.webhooks[event.type];
  assert.ok(webhook, `openapi.yaml does not know the webhook ${event.type}`);
  const validate = validator(webhook.post.requestBody.content['application/json'].schema);
  assert.ok(validate(event), `${JSON.stringify(event)}: ${ajv.errorsText(validate.errors)}`);
}

/** Fails unless openapi.yaml describes this response to this call. */
export function checkAgainstContract(method, pathname, { status, headers, body }) {
  const operation = operationOf(method, pathname);
  assert.ok(operation, `openapi.yaml does not know ${method} ${pathname}`);
  const where = `${operation.operationId} answered ${status} ${JSON.stringify(body)}`;

  assert.ok(operation.responses[status], `${where}, which openapi.yaml does not foresee`);
  const response = resolve(operation.responses[status]);

  for (const [name, header] of Object.entries(response.headers ?? {})) {
    const { required, schema } = resolve(header);
    const value = headers.get(name);
    assert.ok(value !== null || !required, `${where} without ${name}`);
    if (schema.const !== undefined) assert.equal(value, schema.const, `${where} with another ${name}`);
  }

  if (response.content === undefined) return assert.equal(body, undefined, `${where}, where no body is foreseen`);
  assert.match(headers.get('content-type') ?? '', /^application\/json\b/, where);
  const validate = validator(response.content['application/json'].schema);
  assert.ok(validate(body), `${where}: ${ajv.errorsText(validate.errors)}`);
}

const trees = Object.entries(openapi['x-firebase'].paths).map(([path, name]) => ({
  pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
  validate: validator({ $ref: `#/components/schemas/${name}` }),
}));

/** Fails unless openapi.yaml describes this value at this path of Firebase. */
export function checkTree(path, value) {
  const tree = trees.find(({ pattern }) => pattern.test(path));
  assert.ok(tree, `openapi.yaml does not know ${path}`);
  assert.ok(tree.validate(value), `${path}: ${ajv.errorsText(tree.validate.errors)} in ${JSON.stringify(value)}`);
}
