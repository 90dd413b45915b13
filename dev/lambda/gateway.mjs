import { createWriteStream } from 'node:fs';
import { createServer } from 'node:http';
import { listen } from '../parts/processes.mjs';
import { eventOf, writeAnswer } from './event.mjs';
import { InvocationError } from './invocation-error.mjs';

/** API Gateway's limits. */
const LARGEST_BODY = 10 * 1024 * 1024;
const SECONDS = 29;

const INVOKE = /^\/2015-03-31\/functions\/([\w-]+)\/invocations$/;

/**
 * Stands where API Gateway stands: turns HTTP requests into the events of a REST API, and answers by itself what
 * reaches no function. Lambda's own Invoke API is at the same address, for `cargo lambda invoke` and the AWS CLI.
 */
export async function serveGateway(lambda, routes, { host, port, log }) {
  const accessLog = createWriteStream(log, { flags: 'a' });
  const server = createServer({ keepAliveTimeout: 75_000 }, async (request, response) => {
    const started = performance.now();
    response.once('close', () => {
      const took = `${(performance.now() - started).toFixed(1)}ms`;
      accessLog.write(`${new Date().toISOString()} ${response.statusCode} ${took} ${request.method} ${request.url}\n`);
    });
    try {
      await handle({ lambda, routes, request, response });
    } catch (error) {
      accessLog.write(`${new Date().toISOString()} ${error.stack}\n`);
      if (response.headersSent) response.destroy();
      else refuse(response, statusOf(error));
    }
  });
  await listen(server, port, host);
  return {
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 2_000).unref();
      await closed;
      accessLog.end();
    },
  };
}

async function handle({ lambda, routes, request, response }) {
  const url = urlOf(request);
  if (!url) return refuse(response, 400);
  const direct = INVOKE.exec(url.pathname);
  if (direct) return invokeDirectly(lambda, direct[1], request, response);

  response.setHeader('access-control-allow-origin', '*');
  const route = routes.find(url.pathname);
  if (!route) return refuse(response, 404);
  if (request.method === 'OPTIONS') return allowOrigin(response, route);
  const name = route.methods[request.method];
  if (!name) {
    response.setHeader('allow', Object.keys(route.methods).join(', '));
    return refuse(response, 405, `Méthode « ${request.method} » non autorisée.`);
  }
  const body = await bodyOf(request);
  const event = Buffer.from(JSON.stringify(eventOf(request, { url, body, ...route })));
  writeAnswer(response, JSON.parse(await lambda.invoke(name, event, { seconds: SECONDS })));
}

async function invokeDirectly(lambda, name, request, response) {
  try {
    response.end(await lambda.invoke(name, await bodyOf(request), { seconds: 300 }));
  } catch (error) {
    if (!(error instanceof InvocationError)) throw error;
    response.setHeader('x-amz-function-error', 'Unhandled');
    response.end(error.body ?? JSON.stringify({ errorMessage: error.message }));
  }
}

/** The answer to a browser's question whether a page of another origin may ask. */
function allowOrigin(response, route) {
  response.setHeader('access-control-allow-methods', [...Object.keys(route.methods), 'OPTIONS'].join(', '));
  response.setHeader('access-control-allow-headers', 'authorization, content-type');
  response.writeHead(204).end();
}

/** The whole body. One that is too large is read to its end all the same: who is still sending hears no answer. */
async function bodyOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= LARGEST_BODY) chunks.push(chunk);
  }
  if (size > LARGEST_BODY) throw new InvocationError('TOO_LARGE', `the body has ${size} bytes`);
  return Buffer.concat(chunks);
}

function urlOf(request) {
  try {
    return new URL(`http://${request.headers.host ?? 'localhost'}${request.url}`);
  } catch {
    return undefined;
  }
}

const statusOf = (error) => ({ TOO_LARGE: 413, TIMED_OUT: 504 })[error.reason] ?? 502;

/** What the gateway says by itself; template.yaml has the same texts. */
const DETAILS = {
  400: 'Requête malformée.',
  404: 'Pas trouvé.',
  413: 'Le corps de la requête est trop volumineux.',
};

function refuse(response, status, detail = DETAILS[status] ?? 'Une erreur du serveur est survenue.') {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ detail }));
}
