// The responses that API Gateway and the firewall send without a function have the form of the functions' errors.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { routes, template } from './support/template.mjs';

const api = template.Resources.ChatApi.Properties;

describe('the gateway’s own responses', () => {
  const responses = Object.entries(api.GatewayResponses);

  test('are JSON with a detail, are not cached, and allow CORS', () => {
    for (const [type, { ResponseTemplates, ResponseParameters: { Headers } }] of responses) {
      assert.ok(JSON.parse(ResponseTemplates['application/json']).detail, type);
      assert.deepEqual(Headers['Access-Control-Allow-Origin'], { 'Fn::Sub': "'${CorsOrigin}'" }, type);
      assert.equal(Headers['Access-Control-Expose-Headers'], "'Allow,Retry-After,x-request-id'", type);
      assert.equal(Headers['Cache-Control'], "'no-store'", type);
      assert.equal(Headers['x-request-id'], 'context.requestId', type);
    }
  });

  test('have the statuses of openapi.yaml', () => {
    const statuses = Object.fromEntries(responses.map(([type, { StatusCode }]) => [type, StatusCode]));
    assert.deepEqual(statuses, {
      DEFAULT_4XX: undefined,
      DEFAULT_5XX: undefined,
      WAF_FILTERED: 403,
      MISSING_AUTHENTICATION_TOKEN: 404,
      RESOURCE_NOT_FOUND: 404,
      INVALID_SIGNATURE: 404,
      EXPIRED_TOKEN: 404,
      REQUEST_TOO_LARGE: 413,
      UNSUPPORTED_MEDIA_TYPE: 415,
      THROTTLED: 429,
      INTEGRATION_FAILURE: 503,
      INTEGRATION_TIMEOUT: 503,
    });
  });

  test('say when to retry, if a retry helps', () => {
    for (const [type, { StatusCode, ResponseParameters }] of responses) {
      assert.equal(Boolean(ResponseParameters.Headers['Retry-After']), [429, 503].includes(StatusCode), type);
    }
  });
});

describe('the firewall’s own responses', () => {
  test('allow CORS', () => {
    const blocks = template.Resources.Firewall.Properties.Rules.flatMap(({ Action }) => Action?.Block?.CustomResponse ?? []);
    assert.equal(blocks.length, 2);
    for (const { ResponseCode, ResponseHeaders } of blocks) {
      const headers = Object.fromEntries(ResponseHeaders.map(({ Name, Value }) => [Name, Value]));
      assert.deepEqual(headers['Access-Control-Allow-Origin'], { Ref: 'CorsOrigin' });
      assert.equal(headers['Cache-Control'], 'no-store');
      assert.equal(headers['Access-Control-Expose-Headers'], ResponseCode === 429 ? 'Retry-After' : undefined);
    }
  });
});

describe('methods', () => {
  const { paths } = api.DefinitionBody;
  const methodsOf = (path) => routes.filter((route) => route.path === path).map(({ method }) => method);
  const responseOf = (path) => {
    const { responses, 'x-amazon-apigateway-integration': integration } = paths[path]['x-amazon-apigateway-any-method'];
    const { statusCode, responseParameters, responseTemplates } = integration.responses.default;
    assert.equal(JSON.parse(integration.requestTemplates['application/json']).statusCode, Number(statusCode), path);
    // API Gateway accepts a mapping only for a header that the method response declares.
    const headers = Object.entries(responseParameters).map(([key, value]) => [key.replace('method.response.header.', ''), value]);
    for (const [name] of headers) assert.ok(responses[statusCode].headers[name], `${path} ${name}`);
    return { statusCode, detail: JSON.parse(responseTemplates['application/json']).detail, headers: Object.fromEntries(headers) };
  };

  test('that a resource lacks return 405 with the allowed methods', () => {
    assert.deepEqual(Object.keys(paths).sort(), ['/{proxy+}', ...new Set(routes.map(({ path }) => path))].sort());
    for (const path of Object.keys(paths).filter((path) => path !== '/{proxy+}')) {
      const { statusCode, detail, headers } = responseOf(path);
      assert.equal(statusCode, '405', path);
      assert.equal(detail, 'Méthode « $context.httpMethod » non autorisée.');
      const allowed = headers.Allow.slice(1, -1).split(', ');
      assert.deepEqual(allowed.sort(), [...methodsOf(path), 'OPTIONS'].sort(), path);
      assert.equal(headers['Cache-Control'], "'no-store'", path);
    }
  });

  test('of an unknown path return 404', () => {
    const { statusCode, detail } = responseOf('/{proxy+}');
    assert.deepEqual([statusCode, detail], ['404', 'Pas trouvé.']);
  });

  test('include HEAD on the function of each GET', () => {
    const only = (wanted) => routes.filter(({ method }) => method === wanted).map(({ path, name }) => `${path} ${name}`);
    assert.ok(only('GET').length > 0);
    assert.deepEqual(only('HEAD'), only('GET'));
  });

  test('accept the tracing headers through CORS', () => {
    const allowed = api.Cors.AllowMethods.slice(1, -1).split(',');
    for (const { method } of routes) assert.ok(allowed.includes(method), method);
    assert.deepEqual(api.Cors.AllowHeaders, { 'Fn::Sub': "'${CorsHeaders}'" });
    assert.equal(template.Parameters.CorsHeaders.Default, 'authorization,content-type,baggage,sentry-trace,traceparent');
  });
});

test('a changed API parameter reaches the stage', () => {
  assert.equal(api.AlwaysDeploy, true);
});
