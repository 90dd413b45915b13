import { json, noContent } from './answers.mjs';
import { badRequest, RequestError } from '../errors.mjs';
import { exportNode, jsonFromNode } from '../data/json.mjs';
import { hashOf } from '../data/node-hash.mjs';
import { formatPath, parseUrlPath } from '../data/paths.mjs';
import { pushId } from './push-id.mjs';
import { queryFromUrl } from '../data/query.mjs';
import { childEntries, Branch } from '../data/tree.mjs';

/** The REST API: https://firebase.google.com/docs/reference/rest/database */

const METHODS = { GET: read, PUT: put, PATCH: patch, POST: post, DELETE: remove };

/** Processes a request to `/….json` by `caller`. `request` is `{method, url, headers, body}`. */
export function answerRest(database, caller, request) {
  const act = METHODS[request.method];
  if (act === undefined) {
    throw new RequestError(405, 'Method not allowed.', { headers: { Allow: Object.keys(METHODS).join(', ') } });
  }
  return act({
    database,
    caller,
    path: parseUrlPath(request.url.pathname),
    params: request.url.searchParams,
    headers: request.headers,
    body: request.body,
  });
}

function read(call) {
  const query = queryOf(call.database, call.path, call.params);
  const shallow = call.params.get('shallow') === 'true';
  if (shallow && query !== null) throw badRequest("Mixing 'shallow' and querying parameters is not supported");
  const node = call.database.read(call.path, call.caller, query);
  if (isUnchanged(call, node)) return { status: 304, headers: { ETag: etagOf(node) }, body: '' };
  return reply(call, shallow ? shallowJson(node) : toJson(call.params, node), () => node);
}

function put(call) {
  checkEtag(call);
  const value = parseBody(call.body);
  call.database.set(call.path, value, call.caller);
  return reply(call, value);
}

function remove(call) {
  checkEtag(call);
  call.database.set(call.path, null, call.caller);
  return reply(call, null);
}

function patch(call) {
  if (call.headers['if-match'] !== undefined) throw badRequest('ETag support is not available for this request.');
  const value = parseBody(call.body);
  call.database.update(call.path, value, call.caller);
  return reply(call, value);
}

function post(call) {
  const name = pushId();
  call.database.set([...call.path, name], parseBody(call.body), call.caller);
  return reply(call, { name });
}

/** Parses the query of a URL. As in the real service, an order by child or value requires an index. */
export function queryOf(database, path, params) {
  const query = queryFromUrl(params);
  if (query === null || database.rules.isIndexed(path, query.index)) return query;
  throw badRequest(`Index not defined, add ".indexOn": "${query.index}", for path "${formatPath(path)}", to the rules`);
}

export const toJson = (params, node) => (params.get('format') === 'export' ? exportNode(node) : jsonFromNode(node));

function shallowJson(node) {
  if (!(node instanceof Branch)) return jsonFromNode(node);
  return Object.fromEntries([...childEntries(node)].map(([key]) => [key, true]));
}

const etagOf = (node) => (node === null ? 'null_etag' : hashOf(node));

/** Reads the node only if an ETag is requested, because hashing a large node is slow. */
function reply({ database, path, params, headers }, value, node = () => database.peek(path)) {
  const wantsEtag = headers['x-firebase-etag'] === 'true';
  const extra = wantsEtag ? { ETag: etagOf(node()) } : {};
  if (params.get('print') === 'silent') return noContent(extra);
  return json(200, value, { pretty: params.get('print') === 'pretty', headers: extra });
}

/** `if-none-match`: the client already has the current data. */
const isUnchanged = ({ headers }, node) =>
  headers['if-none-match'] !== undefined && headers['if-none-match'].replaceAll('"', '') === etagOf(node);

/** `if-match`: writes only if the data still has this ETag. */
function checkEtag({ database, path, caller, headers }) {
  const expected = headers['if-match'];
  if (expected === undefined) return;
  const node = database.read(path, caller);
  const actual = etagOf(node);
  if (actual !== expected.replaceAll('"', '')) {
    throw new RequestError(412, 'ETag mismatch', { headers: { ETag: actual }, body: jsonFromNode(node) });
  }
}

function parseBody(body) {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw badRequest(
      "Invalid data; couldn't parse JSON object, array, or value. Perhaps you're using invalid characters in your key names.",
    );
  }
}
