import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { listen } from '../parts/processes.mjs';

// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html and runtimes-extensions-api.html
const ROUTES = [
  ['GET', /^2018-06-01\/runtime\/invocation\/next$/, ({ environment, response }) => environment.next(response)],
  ['POST', /^2018-06-01\/runtime\/invocation\/([^/]+)\/response$/, outcome('answer')],
  ['POST', /^2018-06-01\/runtime\/invocation\/([^/]+)\/error$/, outcome('fail')],
  // The process says why it cannot start, and ends: its log has it.
  ['POST', /^2018-06-01\/runtime\/init\/error$/, ({ response }) => reply(response, 202, { status: 'OK' })],
  ['POST', /^2020-01-01\/extension\/register$/, registerExtension],
  ['GET', /^2020-01-01\/extension\/event\/next$/, nextForExtension],
  ['POST', /^2020-01-01\/extension\/(?:init|exit)\/error$/, ({ response }) => reply(response, 202, { status: 'OK' })],
];

/**
 * Serves the Runtime and the Extensions API to the processes of all functions. Each finds its own below
 * `/<function>/<environment>`: that is its `AWS_LAMBDA_RUNTIME_API`.
 */
export async function serveRuntimeApi(lambda) {
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    handle(lambda, request, response).catch((error) => response.headersSent || reply(response, 500, { errorMessage: error.message }));
  });
  await listen(server, 0, '127.0.0.1');
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    addressOf: (environment) => `${url}/${environment.function}/${environment.id}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function handle(lambda, request, response) {
  const [, name, id, path] = /^\/([^/]+)\/([^/]+)\/([^?]*)/.exec(request.url) ?? [];
  const environment = lambda.find(name, id);
  for (const [method, pattern, respond] of ROUTES) {
    const match = pattern.exec(path);
    if (environment && match && method === request.method) {
      return respond({ environment, request, response, parameter: match[1] });
    }
  }
  reply(response, 404, { errorMessage: `nothing at ${request.method} ${request.url}` });
}

function outcome(verb) {
  return async ({ environment, request, response, parameter }) => {
    environment[verb](parameter, await buffer(request));
    reply(response, 202, { status: 'OK' });
  };
}

async function registerExtension({ environment, request, response }) {
  const { events = [] } = JSON.parse((await buffer(request)).toString() || '{}');
  response.setHeader('lambda-extension-identifier', environment.register(events));
  reply(response, 200, { functionName: environment.function, functionVersion: '$LATEST', handler: 'bootstrap' });
}

function nextForExtension({ environment, request, response }) {
  environment.nextForExtension(request.headers['lambda-extension-identifier'], response);
}

function reply(response, status, json) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
}
