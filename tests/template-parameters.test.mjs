// The values that the parameters of template.yaml accept, alone and together.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { template } from './support/template.mjs';

describe('parameters', () => {
  const defaults = Object.fromEntries(Object.entries(template.Parameters).map(([name, { Default }]) => [name, Default ?? '']));
  const valueOf = (operand, parameters) => (operand.Ref ? parameters[operand.Ref] : operand);
  const holds = (condition, parameters) => {
    const [[name, operands]] = Object.entries(condition);
    if (name === 'Fn::Equals') return valueOf(operands[0], parameters) === valueOf(operands[1], parameters);
    const results = operands.map((operand) => holds(operand, parameters));
    return { 'Fn::Not': !results[0], 'Fn::And': results.every(Boolean), 'Fn::Or': results.some(Boolean) }[name];
  };
  /** Returns the first assertion with which CloudFormation rejects the parameters. */
  const rejection = (changed) => {
    const parameters = { ...defaults, ...changed };
    return Object.values(template.Rules)
      .filter(({ RuleCondition }) => !RuleCondition || holds(RuleCondition, parameters))
      .flatMap(({ Assertions }) => Assertions)
      .find(({ Assert }) => !holds(Assert, parameters))?.AssertDescription;
  };
  const VPC = { SubnetIds: 'subnet-1', SecurityGroupIds: 'sg-1' };

  for (const [name, changed, expected] of [
    ['the defaults', {}, undefined],
    ['a VPC', VPC, undefined],
    ['subnets alone', { SubnetIds: 'subnet-1' }, 'SubnetIds needs SecurityGroupIds.'],
    ['security groups alone', { SecurityGroupIds: 'sg-1' }, 'SecurityGroupIds needs SubnetIds.'],
    ['a proxy of an instance', { ...VPC, ProxySecretArn: 'arn', DatabaseInstanceId: 'i' }, undefined],
    ['a proxy of a cluster', { ...VPC, ProxySecretArn: 'arn', DatabaseClusterId: 'c' }, undefined],
    ['a proxy of no database', { ...VPC, ProxySecretArn: 'arn' }, 'ProxySecretArn needs DatabaseInstanceId or DatabaseClusterId.'],
    ['a proxy without a VPC', { ProxySecretArn: 'arn', DatabaseClusterId: 'c' }, 'ProxySecretArn needs SubnetIds.'],
    ['two databases', { DatabaseInstanceId: 'i', DatabaseClusterId: 'c' }, 'DatabaseInstanceId and DatabaseClusterId exclude each other.'],
    ['a domain without a certificate', { DomainName: 'chat.example.ci' }, 'DomainName needs CertificateArn.'],
  ]) {
    test(`${name}: ${expected ?? 'accepted'}`, () => assert.equal(rejection(changed), expected));
  }

  const SECRET = 'arn:aws:secretsmanager:eu-west-3:123456789012:secret:relais/production';
  for (const [name, good, bad] of [
    ['ChatSecretArn', [`${SECRET}-AbC123`], ['', SECRET, 'relais/production']],
    ['SecretKmsKeyArn', ['', 'arn:aws:kms:eu-west-3:123456789012:key/1-2'], ['alias/relais', '1-2']],
    ['SubnetIds', ['', 'subnet-0a1', 'subnet-0a1,subnet-0b2'], ['subnet-0a1, subnet-0b2', 'sg-1', 'subnet-0a1,']],
    ['SecurityGroupIds', ['', 'sg-0a1,sg-0b2'], ['default', 'sg-0a1 sg-0b2']],
    ['CorsHeaders', ['authorization', 'authorization,x-tag'], ['', '*', "a,'b'"]],
    ['CorsOrigin', ['*', 'https://app.example.ci'], ['app.example.ci', 'https://app.example.ci/', "'*'"]],
  ]) {
    test(`${name} has a pattern that rejects unusable values`, () => {
      const pattern = new RegExp(template.Parameters[name].AllowedPattern);
      for (const value of good) assert.match(value, pattern);
      for (const value of bad) assert.doesNotMatch(value, pattern);
    });
  }
});

test('every parameter is in one group of the console', () => {
  const grouped = template.Metadata['AWS::CloudFormation::Interface'].ParameterGroups.flatMap((group) => group.Parameters);
  assert.deepEqual(grouped.toSorted(), Object.keys(template.Parameters).sort());
});

test('every parameter has a description and is documented in docs/operations.md', () => {
  const operations = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8');
  for (const [name, { Description }] of Object.entries(template.Parameters)) {
    assert.ok(Description, name);
    assert.ok(operations.includes(`\`${name}\``), name);
  }
});
