// Invariants of template.yaml: functions share their configuration, and have the least privileges.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { parse as parseToml } from 'smol-toml';

import { functions, resources, source, template } from './support/template.mjs';

const read = (file) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

const { Function: shared } = template.Globals;
const api = template.Resources.ChatApi.Properties;
const samconfig = parseToml(read('samconfig.toml'));

/** Functions that run before the migrations, or apply them. */
const BEFORE_SCHEMA = ['MigrateDatabaseFunction'];

describe('each function', () => {
  test('has a description, its code, the shared role and its events, and few have other properties', () => {
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

  test('gets its settings, which docs/settings.md describes, and no secret', () => {
    const [, secret, variables] = read('docs/settings.md').split(/^## .*$/m);
    const secrets = [...secret.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name).filter((name) => name !== 'CHAT_SECRET_ID');
    assert.ok(secrets.includes('JWT_SECRET'));
    for (const name of Object.keys(shared.Environment.Variables).filter((name) => name !== 'SCHEMA')) {
      assert.ok(variables.includes(`\`${name}\``), `docs/settings.md has no ${name}`);
      assert.ok(!secrets.includes(name), `${name} is a secret`);
    }
  });

  test('has a timeout that includes the work after the response', () => {
    assert.equal(shared.Timeout, 35);
  });

  test('waits for the migrations, except those that run before them', () => {
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
  test('go to groups with a retention time and a generated name', () => {
    const groups = resources.filter(([, { Type }]) => Type === 'AWS::Logs::LogGroup');
    assert.equal(groups.length, 2);
    for (const [logicalId, { Properties }] of groups) {
      assert.ok(Properties.RetentionInDays, logicalId);
      // A late log line can recreate a group with a known name, which blocks the next deployment.
      assert.equal(Properties.LogGroupName, undefined, logicalId);
    }
    assert.deepEqual(shared.LoggingConfig.LogGroup, { Ref: 'FunctionLogs' });
  });

  test('contain the metrics at every level, because lines without a level count as INFO', () => {
    assert.equal(shared.LoggingConfig.LogFormat, 'JSON');
    assert.deepEqual(shared.LoggingConfig.ApplicationLogLevel, { 'Fn::If': ['LogsDebug', 'DEBUG', 'INFO'] });
    assert.ok(!template.Parameters.LogLevel.AllowedValues.includes('trace'));
  });

  test('contain the route of a request but not its path, which can contain a device token', () => {
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

  test('let a function read one secret, write to one log group and send to one queue', () => {
    const own = statements.filter(({ logicalId }) => logicalId === 'FunctionRole');
    assert.deepEqual(own.map(({ Action, Resource }) => [Action, Object.values(Resource)[0]]), [
      ['secretsmanager:GetSecretValue', 'ChatSecretArn'],
      [['logs:CreateLogStream', 'logs:PutLogEvents'], 'FunctionLogs.Arn'],
      ['sqs:SendMessage', 'ScheduleDeadLetters.Arn'],
      ['kms:Decrypt', 'SecretKmsKeyArn'],
    ]);
  });

  test('have no * as a resource anywhere in the template', () => {
    assert.doesNotMatch(source, /Resources?: *\[?['"]?\*/);
  });
});

test('failed runs of a schedule, and runs that could not start, go to the dead-letter queue', () => {
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

test('each delivery channel has its own schedule', () => {
  const { Events } = template.Resources.DeliverPendingFunction.Properties;
  const inputs = Object.values(Events).map(({ Properties }) => JSON.parse(Properties.Input));
  assert.deepEqual(inputs, [{ channel: 'mirror' }, { channel: 'push' }, { channel: 'webhooks' }]);
});

test('a default deployment has only the API, its functions and their logs', () => {
  const optional = /^AWS::(WAFv2|RDS|CloudWatch|SNS|Route53)::|DomainName$|BasePathMapping$/;
  for (const [logicalId, { Type, Condition }] of resources) {
    if (optional.test(Type)) assert.ok(Condition, `${logicalId} without a condition`);
  }
});

test('the template uses YAML aliases but no merge keys, which SAM CLI cannot read', () => {
  assert.doesNotMatch(source, /<<:/);
});

test('a failed first deployment deletes its stack, so that it can be repeated', () => {
  for (const environment of ['staging', 'production']) {
    assert.equal(samconfig[environment].deploy.parameters.on_failure, 'DELETE', environment);
  }
});
