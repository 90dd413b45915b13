// What template.yaml must hold whoever changes it: each function has its banner, its policy and its log, nothing may
// do more than it needs, and what the gateway answers by itself looks like our own answers.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { functions, resources, source, template } from './support/template.mjs';

/** The order of the guide, then what has no route. */
const ORDER = [
  'ListRooms',
  'GetRoom',
  'CreateRoom',
  'MarkRoomRead',
  'ArchiveRoom',
  'UnreadCount',
  'ListMessages',
  'SendMessage',
  'MarkMessagesRead',
  'SetTyping',
  'SignUpload',
  'FirebaseToken',
  'SearchMessages',
  'ChatAnalytics',
  'ReceiveEvent',
  'RegisterDevice',
  'RemoveDevice',
  'GetNotificationSettings',
  'SetNotificationSettings',
  'MuteRoom',
  'MirrorRooms',
  'SendPushes',
  'RollUpAnalytics',
  'MigrateDatabase',
].map((name) => `${name}Function`);

const routeOf = ({ Properties }) =>
  Object.values(Properties.Events ?? {}).find(({ Type }) => Type === 'Api')?.Properties;

describe('each function', () => {
  test('stands in the order of the guide', () => {
    assert.deepEqual(
      functions.map(([logicalId]) => logicalId),
      ORDER,
    );
  });

  test('with a route has a banner that says which', () => {
    for (const [logicalId, resource] of functions) {
      const route = routeOf(resource);
      if (route) assert.ok(source.includes(`\n  # ${route.Method} ${route.Path}\n  ${logicalId}:\n`), logicalId);
    }
  });

  test('is built by cargo-lambda', () => {
    for (const [logicalId, { Metadata }] of functions) {
      assert.deepEqual(Metadata, { BuildMethod: 'rust-cargolambda' }, logicalId);
    }
  });

  test('may read the one secret, and has no other policy', () => {
    for (const [logicalId, { Properties }] of functions) {
      const secret = { AWSSecretsManagerGetSecretValuePolicy: { SecretArn: { Ref: 'ChatSecretArn' } } };
      assert.deepEqual(Properties.Policies, [secret], logicalId);
      assert.equal(Properties.Role, undefined, logicalId);
    }
  });

  test('writes to a log group of its own that forgets', () => {
    const groups = functions.map(([logicalId, { Properties }]) => {
      const group = Properties.LoggingConfig.LogGroup.Ref;
      assert.equal(template.Resources[group].Type, 'AWS::Logs::LogGroup', logicalId);
      return group;
    });
    assert.equal(new Set(groups).size, functions.length);
    for (const [logicalId, { Type, Properties }] of resources) {
      if (Type === 'AWS::Logs::LogGroup') assert.ok(Properties.RetentionInDays, logicalId);
    }
  });

  test('gets what it reads from the environment, and nothing secret', () => {
    const { Variables } = template.Globals.Function.Environment;
    assert.deepEqual(Object.keys(Variables).sort(), [
      'CHAT_SECRET_ID',
      'CORS_ALLOW_ORIGIN',
      'FCM_URL',
      'FIREBASE_DATABASE_URL',
      'IMAGE_HOSTS',
      'ROOM_GRACE_SECONDS',
      'RUST_LOG',
      'SEND_LIMIT_DELIVERY',
      'SEND_LIMIT_SUPPORT',
      'STATEMENT_CACHE',
    ]);
    for (const [logicalId, { Properties }] of functions) assert.equal(Properties.Environment, undefined, logicalId);
  });
});

describe('policies', () => {
  const statements = resources.flatMap(([logicalId, { Properties }]) =>
    (Properties?.Policies ?? [])
      .flatMap(({ PolicyDocument }) => PolicyDocument?.Statement ?? [])
      .map((statement) => ({ logicalId, ...statement })),
  );

  test('name one action and one resource, never *', () => {
    assert.ok(statements.length > 0);
    for (const { logicalId, Action, Resource } of statements) {
      assert.match(Action, /^[a-z]+:[A-Za-z]+$/, logicalId);
      assert.ok(typeof Resource === 'object' && !Array.isArray(Resource), logicalId);
    }
  });
});

describe('what the gateway answers by itself', () => {
  const answers = Object.entries(template.Resources.ChatApi.Properties.GatewayResponses);

  test('is JSON with a detail, and may be read by a web page', () => {
    for (const [type, { ResponseTemplates, ResponseParameters }] of answers) {
      assert.ok(JSON.parse(ResponseTemplates['application/json']).detail, type);
      assert.ok(ResponseParameters.Headers['Access-Control-Allow-Origin'], type);
    }
  });

  test('has the status that openapi.yaml foresees', () => {
    const statuses = Object.fromEntries(answers.map(([type, { StatusCode }]) => [type, StatusCode]));
    assert.deepEqual(statuses, {
      DEFAULT_4XX: undefined,
      DEFAULT_5XX: undefined,
      UNAUTHORIZED: 401,
      ACCESS_DENIED: 403,
      WAF_FILTERED: 403,
      MISSING_AUTHENTICATION_TOKEN: 404,
      INVALID_SIGNATURE: 404,
      EXPIRED_TOKEN: 404,
      RESOURCE_NOT_FOUND: 404,
      REQUEST_TOO_LARGE: 413,
      UNSUPPORTED_MEDIA_TYPE: 415,
      THROTTLED: 429,
      QUOTA_EXCEEDED: 429,
      INTEGRATION_FAILURE: 503,
      INTEGRATION_TIMEOUT: 503,
    });
  });

  test('says when to come back, where that helps', () => {
    for (const [type, { StatusCode, ResponseParameters }] of answers) {
      assert.equal(Boolean(ResponseParameters.Headers['Retry-After']), [429, 503].includes(StatusCode), type);
    }
  });
});

test('no function gets new code before the migrations have run', () => {
  const { Type, Properties } = template.Resources.Schema;
  assert.equal(Type, 'AWS::CloudFormation::CustomResource');
  assert.deepEqual(Properties.ServiceToken, { 'Fn::GetAtt': 'MigrateDatabaseFunction.Arn' });
  assert.deepEqual(Properties.CodeVersion, { Ref: 'MigrateDatabaseFunction.Version' });
  for (const [logicalId, { DependsOn }] of functions) {
    assert.equal(DependsOn, logicalId === 'MigrateDatabaseFunction' ? undefined : 'Schema', logicalId);
  }
});

test('every function has the time that is needed after the reply', () => {
  assert.equal(template.Globals.Function.Timeout, 60);
});

test('nothing else in the template has * for a resource', () => {
  assert.doesNotMatch(source, /Resources?: *\[?['"]?\*/);
});

test('the schedules’ failures are kept, and so is what they could not start', () => {
  const queue = { 'Fn::GetAtt': 'ScheduleDeadLetters.Arn' };
  const scheduled = functions.flatMap(([logicalId, { Properties: { Events, EventInvokeConfig } }]) =>
    Object.values(Events ?? {})
      .filter(({ Type }) => Type === 'ScheduleV2')
      .map(({ Properties }) => ({ logicalId, schedule: Properties, EventInvokeConfig })),
  );
  assert.deepEqual(scheduled.map(({ logicalId }) => logicalId).sort(), [
    'MirrorRoomsFunction',
    'RollUpAnalyticsFunction',
    'SendPushesFunction',
  ]);
  for (const { logicalId, schedule, EventInvokeConfig } of scheduled) {
    assert.deepEqual(schedule.DeadLetterConfig.Arn, queue, logicalId);
    assert.deepEqual(EventInvokeConfig.DestinationConfig.OnFailure.Destination, queue, logicalId);
  }
});

test('no log has the path of a call, in which a device’s token may stand', () => {
  const { Format } = template.Resources.ChatApi.Properties.AccessLogSetting;
  assert.doesNotMatch(Format, /\$context\.path\b/);
});

test('a web page may use every method that there is', () => {
  const { AllowMethods } = template.Resources.ChatApi.Properties.Cors;
  for (const [logicalId, resource] of functions) {
    const route = routeOf(resource);
    if (route) assert.ok(AllowMethods.includes(route.Method), logicalId);
  }
});

test('the default deployment has the API, its functions and their logs, and no more', () => {
  const optional = /^AWS::(WAFv2|RDS|CloudWatch|SNS|Route53)::|DomainName$|BasePathMapping$/;
  for (const [logicalId, { Type, Condition }] of resources) {
    if (optional.test(Type)) assert.ok(Condition, `${logicalId} without a condition`);
  }
});

test('CloudFormation reads no YAML aliases', () => {
  assert.doesNotMatch(source, /^\s*(- )?(\w+: )?[&*][a-z_]+\s*$/m);
});
