import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { devNull } from 'node:os';
import { after, before, test } from 'node:test';
import { freePort } from '../parts/processes.mjs';
import { serveGateway } from './gateway.mjs';
import { Routes } from './routes.mjs';
import { aLambda } from './testing.mjs';

const ROUTES = new Routes({
  '/rooms/{room_id}/': [{ method: 'GET', function: 'get-room' }],
  '/rooms/count/': [{ method: 'GET', function: 'count' }],
  '/mortal/': [{ method: 'GET', function: 'mortal' }],
  '/rooms/': [{ method: 'GET', function: 'list' }, { method: 'POST', function: 'create' }],
});

let stack, gateway, url;

before(async () => {
  stack = await aLambda();
  const port = await freePort();
  gateway = await serveGateway(stack.lambda, ROUTES, { host: '127.0.0.1', port, log: devNull });
  url = `http://127.0.0.1:${port}`;
  for (const name of ['get-room', 'count', 'list', 'create']) {
    stack.open(name).serve((event) => ({ statusCode: 200, headers: { 'x-function': name }, body: JSON.stringify(event) }));
  }
});
after(async () => {
  await gateway.close();
  stack.close();
});

const eventFor = async (path, options) => (await fetch(url + path, options)).json();

test('a request becomes the event of a REST API', async () => {
  const event = await eventFor('/rooms/?search=Ko%C3%A9&page=2&page=3', { method: 'POST', headers: { 'X-Tag': 'a' }, body: '{"é":1}' });
  assert.equal(event.httpMethod, 'POST');
  assert.equal(event.path, '/rooms/');
  assert.deepEqual(event.multiValueQueryStringParameters, { search: ['Koé'], page: ['2', '3'] });
  assert.deepEqual(event.queryStringParameters, { search: 'Koé', page: '3' });
  assert.equal(event.headers['x-tag'], 'a');
  assert.equal(event.headers.host, new URL(url).host);
  assert.equal(event.body, '{"é":1}');
  assert.equal(event.isBase64Encoded, false);
  assert.equal(event.requestContext.path, '/rooms/');
});

test('a body that is no text arrives as it is', async () => {
  const body = Buffer.from([0xff, 0x00, 0xfe]);
  const event = await eventFor('/rooms/', { method: 'POST', body });
  assert.equal(event.isBase64Encoded, true);
  assert.deepEqual(Buffer.from(event.body, 'base64'), body);
});

test('a fixed segment goes before a parameter, and parameters are decoded', async () => {
  assert.equal((await fetch(`${url}/rooms/count/`)).headers.get('x-function'), 'count');
  assert.deepEqual((await eventFor('/rooms/a%20b/')).pathParameters, { room_id: 'a b' });
});

for (const [name, path, options, status] of [
  ['no such path', '/nothing/', {}, 404],
  ['no such method', '/rooms/', { method: 'DELETE' }, 405],
  ['a body too large for Lambda', '/rooms/', { method: 'POST', body: 'x'.repeat(7 * 1024 * 1024) }, 413],
  ['a body too large for API Gateway', '/rooms/', { method: 'POST', body: 'x'.repeat(11 * 1024 * 1024) }, 413],
]) {
  test(`${name} is answered ${status}, with a detail`, async () => {
    const response = await fetch(url + path, options);
    assert.equal(response.status, status);
    assert.equal(typeof (await response.json()).detail, 'string');
  });
}

test('a process that dies in mid-request is a 502 that says nothing of it', async () => {
  const process = stack.open('mortal');
  const answer = fetch(`${url}/mortal/`);
  await process.next();
  process.die();
  const response = await answer;
  assert.equal(response.status, 502);
  assert.deepEqual(await response.json(), { detail: 'Une erreur du serveur est survenue.' });
});

test('a page of another origin may ask', async () => {
  const preflight = await fetch(`${url}/rooms/`, { method: 'OPTIONS', headers: { origin: 'http://localhost:3000' } });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get('access-control-allow-methods'), 'GET, POST, OPTIONS');
  assert.equal((await fetch(`${url}/rooms/`)).headers.get('access-control-allow-origin'), '*');
});

test("Lambda's Invoke API is there too", async () => {
  const response = await fetch(`${url}/2015-03-31/functions/list/invocations`, { method: 'POST', body: '{"n":1}' });
  assert.deepEqual(JSON.parse((await response.json()).body), { n: 1 });
});

test('a request that is no HTTP does not end it', async () => {
  const socket = connect(new URL(url).port, '127.0.0.1').end('GET http://[ HTTP/1.1\r\nHost: \r\n\r\n').resume();
  await once(socket, 'close');
  assert.equal((await fetch(`${url}/rooms/`)).status, 200);
});
