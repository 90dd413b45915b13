// What template.yaml must hold whoever changes it: functions share what they have in common, nothing may do more than it
// needs, and the gateway's own responses have the form of the functions' errors.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { functions, resources, routes, source, template } from './support/template.mjs';

const read = (file) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

const { Function: shared } = template.Globals;
const api = template.Resources.ChatApi.Properties;

/** The functions that must run before the migrations, or that apply them. */
const BEFORE_SCHEMA = ['MigrateDatabaseFunction'];

describe('each function', () => {
  test('has a description, its code, the shared role and its events, and few have more', () => {
    const own = new Set(['Description', 'CodeUri', 'Role', 'Events']);
    for (const [logicalId, resource] of functions) {
      assert.deepEqual(Object.keys(resource), ['Type', 'Metadata', 'Properties'], logicalId);
      assert.deepEqual(resource.Metadata, { BuildMethod: 'rust-cargolambda' }, logicalId);
      assert.deepEqual(resource.Properties.Role, { 'Fn::GetAtt': 'FunctionRole.Arn' }, logicalId);
      assert.equal(resource.Properties.Policies, undefined, logicalId);
      if (Object.values(resource.Properties.Events ?? {}).some(({ Type }) => Type === 'Api')) {
        assert.deepEqual(new Set(Object.keys(resource.Properties)), own, logicalId);
      }
    }
  });

  test('receives its settings, which docs/settings.md describes, and no secret', () => {
    const [, secret, variables] = read('docs/settings.md').split(/^## .*$/m);
    const secrets = [...secret.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name).filter((name) => name !== 'CHAT_SECRET_ID');
    assert.ok(secrets.includes('JWT_SECRET'));
    for (const name of Object.keys(shared.Environment.Variables).filter((name) => name !== 'SCHEMA')) {
      assert.ok(variables.includes(`\`${name}\``), `docs/settings.md has no ${name}`);
      assert.ok(!secrets.includes(name), `${name} is a secret`);
    }
  });

  test('has the time that the work after the response needs', () => {
    assert.equal(shared.Timeout, 60);
  });

  test('waits for the migrations, but for those that must run before them', () => {
    const { Type, Properties } = template.Resources.Schema;
    assert.equal(Type, 'AWS::CloudFormation::CustomResource');
    assert.deepEqual(Properties.ServiceToken, { 'Fn::GetAtt': 'MigrateDatabaseFunction.Arn' });
    assert.deepEqual(Properties.CodeVersion, { Ref: 'MigrateDatabaseFunction.Version' });
    assert.deepEqual(shared.Environment.Variables.SCHEMA, { Ref: 'Schema' });
    const others = functions.filter(([, it]) => it.Properties.Environment?.Variables?.SCHEMA !== undefined);
    assert.deepEqual(
      others.map(([logicalId]) => logicalId),
      BEFORE_SCHEMA,
    );
  });
});

describe('logs', () => {
  test('go to groups that forget, and whose names CloudFormation chooses', () => {
    const groups = resources.filter(([, { Type }]) => Type === 'AWS::Logs::LogGroup');
    assert.equal(groups.length, 2);
    for (const [logicalId, { Properties }] of groups) {
      assert.ok(Properties.RetentionInDays, logicalId);
      // A late log line can recreate a group with a known name, which blocks the next deployment.
      assert.equal(Properties.LogGroupName, undefined, logicalId);
    }
    assert.deepEqual(shared.LoggingConfig.LogGroup, { Ref: 'FunctionLogs' });
  });

  test('keep the metrics at every level: lines without a level count as INFO', () => {
    assert.equal(shared.LoggingConfig.LogFormat, 'JSON');
    assert.deepEqual(shared.LoggingConfig.ApplicationLogLevel, { 'Fn::If': ['LogsDebug', 'DEBUG', 'INFO'] });
    assert.ok(!template.Parameters.LogLevel.AllowedValues.includes('trace'));
  });

  test('have the route of a request and not its path, which can contain the token of a device', () => {
    assert.doesNotMatch(api.AccessLogSetting.Format, /\$context\.path\b/);
  });
});

describe('policies', () => {
  const statements = resources.flatMap(([logicalId, { Properties }]) =>
    (Properties?.Policies ?? [])
      .flatMap(({ PolicyDocument }) => PolicyDocument?.Statement ?? [])
      .map((statement) => ({ logicalId, ...(statement['Fn::If']?.[1] ?? statement) })),
  );

  test('name their actions and one resource, never *', () => {
    assert.ok(statements.length > 0);
    for (const { logicalId, Action, Resource } of statements) {
      for (const action of [Action].flat()) assert.match(action, /^[a-z]+:[A-Za-z]+$/, logicalId);
      assert.ok(typeof Resource === 'object' && !Array.isArray(Resource), logicalId);
    }
  });

  test('let a function read one secret, write to one log and report to one queue', () => {
    const own = statements.filter(({ logicalId }) => logicalId === 'FunctionRole');
    assert.deepEqual(own.map(({ Action, Resource }) => [Action, Object.values(Resource)[0]]), [
      ['secretsmanager:GetSecretValue', 'ChatSecretArn'],
      [['logs:CreateLogStream', 'logs:PutLogEvents'], 'FunctionLogs.Arn'],
      ['sqs:SendMessage', 'ScheduleDeadLetters.Arn'],
      ['kms:Decrypt', 'SecretKmsKeyArn'],
    ]);
  });

  test('have * for a resource nowhere else in the template', () => {
    assert.doesNotMatch(source, /Resources?: *\[?['"]?\*/);
  });
});

describe('the gateway’s own responses', () => {
  const responses = Object.entries(api.GatewayResponses);

  test('are JSON with a detail, are not cached, and can be read by a web page', () => {
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

  test('say when to retry, where that helps', () => {
    for (const [type, { StatusCode, ResponseParameters }] of responses) {
      assert.equal(Boolean(ResponseParameters.Headers['Retry-After']), [429, 503].includes(StatusCode), type);
    }
  });
});

describe('the firewall’s own responses', () => {
  test('can be read by a web page', () => {
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

  test('that a resource lacks are 405 with those that it has', () => {
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

  test('of a path that no resource has are 404', () => {
    const { statusCode, detail } = responseOf('/{proxy+}');
    assert.deepEqual([statusCode, detail], ['404', 'Pas trouvé.']);
  });

  test('include HEAD wherever there is GET, with the same function', () => {
    const only = (wanted) => routes.filter(({ method }) => method === wanted).map(({ path, name }) => `${path} ${name}`);
    assert.ok(only('GET').length > 0);
    assert.deepEqual(only('HEAD'), only('GET'));
  });

  test('and headers of tracing are open to web pages', () => {
    const allowed = api.Cors.AllowMethods.slice(1, -1).split(',');
    for (const { method } of routes) assert.ok(allowed.includes(method), method);
    assert.deepEqual(api.Cors.AllowHeaders, { 'Fn::Sub': "'${CorsHeaders}'" });
    assert.equal(template.Parameters.CorsHeaders.Default, 'authorization,content-type,baggage,sentry-trace,traceparent');
  });
});

test('a changed parameter of the API reaches its stage', () => {
  assert.equal(api.AlwaysDeploy, true);
});

test('the failures of a schedule are kept, and so are the runs that it could not start', () => {
  const queue = { 'Fn::GetAtt': 'ScheduleDeadLetters.Arn' };
  const scheduled = functions.flatMap(([logicalId, { Properties: { Events, EventInvokeConfig } }]) =>
    Object.values(Events ?? {})
      .filter(({ Type }) => Type === 'ScheduleV2')
      .map(({ Properties }) => ({ logicalId, schedule: Properties, EventInvokeConfig })),
  );
  assert.ok(scheduled.length > 0);
  for (const { logicalId, schedule, EventInvokeConfig } of scheduled) {
    assert.deepEqual(schedule.DeadLetterConfig.Arn, queue, logicalId);
    assert.equal(schedule.RetryPolicy.MaximumRetryAttempts, 0, logicalId);
    assert.deepEqual(EventInvokeConfig.DestinationConfig.OnFailure.Destination, queue, logicalId);
  }
});

test('every parameter stands in one group of the console', () => {
  const grouped = template.Metadata['AWS::CloudFormation::Interface'].ParameterGroups.flatMap((group) => group.Parameters);
  assert.deepEqual(grouped.toSorted(), Object.keys(template.Parameters).sort());
});

test('every parameter has a description, and stands in docs/operations.md', () => {
  const operations = read('docs/operations.md');
  for (const [name, { Description }] of Object.entries(template.Parameters)) {
    assert.ok(Description, name);
    assert.ok(operations.includes(`\`${name}\``), name);
  }
});

test('the default deployment has the API, its functions and their logs, and no more', () => {
  const optional = /^AWS::(WAFv2|RDS|CloudWatch|SNS|Route53)::|DomainName$|BasePathMapping$/;
  for (const [logicalId, { Type, Condition }] of resources) {
    if (optional.test(Type)) assert.ok(Condition, `${logicalId} without a condition`);
  }
});

test('only SAM CLI’s own loader is needed: aliases, and no merge keys', () => {
  assert.doesNotMatch(source, /<<:/);
});
