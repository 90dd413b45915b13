// template.yaml as data. CloudFormation's short forms are expanded: `!Ref X` is `{ Ref: 'X' }`.

import { readFileSync } from 'node:fs';

import { parse } from 'yaml';

const SHORT_FORMS = [
  'And',
  'Base64',
  'Equals',
  'FindInMap',
  'GetAtt',
  'If',
  'Join',
  'Not',
  'Or',
  'Select',
  'Split',
  'Sub',
];

const longForm = (name) => (name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`);

const customTags = ['Ref', 'Condition', ...SHORT_FORMS].flatMap((name) => [
  { tag: `!${name}`, resolve: (text) => ({ [longForm(name)]: text }) },
  { tag: `!${name}`, collection: 'seq', resolve: (list) => ({ [longForm(name)]: list.toJSON() }) },
]);

export const source = readFileSync(new URL('../../template.yaml', import.meta.url), 'utf8');
export const template = parse(source, { customTags, maxAliasCount: -1 });
export const resources = Object.entries(template.Resources);
export const functions = resources.filter(([, { Type }]) => Type === 'AWS::Serverless::Function');

/** The routes, each with its function, method and path. */
export const routes = functions.flatMap(([logicalId, { Properties }]) =>
  Object.values(Properties.Events ?? {})
    .filter(({ Type }) => Type === 'Api')
    .map(({ Properties: { Method, Path } }) => ({ method: Method, path: Path, name: functionNameOf(logicalId) })),
);

/** Returns the name of a function: `list-rooms` for `ListRoomsFunction`. */
export function functionNameOf(logicalId) {
  return logicalId
    .replace(/Function$/, '')
    .replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`)
    .toLowerCase();
}
