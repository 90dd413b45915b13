// Generates the clients of openapi.yaml. `generated/typescript` is used by this page and committed, so building the
// page needs no generator and no Java. `generated/dart` is for the Flutter app and not committed.
//
//   npm run generate              writes both
// npm run generate -- --check   fails if the committed client differs
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The generator from PyPI, which brings its own Java: dev/requirements-check.txt. */
const PROGRAM = 'openapi-generator-cli';
const SPECIFICATION = here('../openapi.yaml');

const CLIENTS = {
  typescript: {
    generator: 'typescript-fetch',
    properties: 'modelPropertyNaming=original,withoutRuntimeChecks=true',
    // A Date has only milliseconds; the API's microseconds are part of the order.
    mappings: 'DateTime=string',
  },
  dart: { generator: 'dart-dio', properties: 'pubName=relais_api,serializationLibrary=json_serializable' },
};

// A named enum has this depth: components, schemas, name.
const SCHEMA_DEPTH = 3;

const folder = mkdtempSync(join(tmpdir(), 'relais-clients-'));
process.once('exit', () => rmSync(folder, { recursive: true }));
const simplifiedFile = join(folder, 'openapi.json');
const specification = withFirebaseTree(requestsOf(parse(readFileSync(SPECIFICATION, 'utf8'))));
writeFileSync(simplifiedFile, JSON.stringify(simplified(specification)));
for (const [name, client] of Object.entries(CLIENTS)) generate(join(folder, name), client);

if (!process.argv.includes('--check')) keep('typescript');
else if (!isDeepStrictEqual(contents(kept('typescript')), contents(join(folder, 'typescript')))) {
  console.error('web/generated/typescript is not what openapi.yaml gives: run `make clients` and commit it.');
  process.exitCode = 1;
}
keep('dart');

/** Removes the webhooks, which a client receives and does not send. Their schemas stay. */
function requestsOf({ webhooks, tags, ...specification }) {
  const received = new Set(Object.values(webhooks).flatMap(({ post }) => post.tags));
  return { ...specification, tags: tags.filter(({ name }) => !received.has(name)) };
}

/** Adds the types of the tree in Firebase, which the generator does not know, to those of the API. */
function withFirebaseTree({ 'x-firebase': tree, ...specification }) {
  const schemas = { ...specification.components.schemas, ...tree.schemas };
  return { ...specification, components: { ...specification.components, schemas } };
}

/**
 * Removes what the generator turns into code that does not compile: a constant boolean becomes an enum of strings in
 * Dart, the default of an unnamed enum calls a constructor that does not exist, and a field that is always null becomes
 * a type `Null`, which TypeScript does not have.
 */
function simplified(specification) {
  const named = Object.entries(specification.components.schemas).filter(([, schema]) => schema.enum);
  const nameOf = (values) => named.find(([, schema]) => String(schema.enum) === String(values))?.[0];
  const simplify = (node, depth) => {
    if (typeof node !== 'object' || node === null) return node;
    // "This or null", which the generator supports.
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

function generate(output, { generator, properties, mappings }) {
  const args = ['generate', '-i', simplifiedFile, '-g', generator, '-o', output];
  args.push('--additional-properties', `${properties},hideGenerationTimestamp=true`);
  args.push('--global-property', 'apiDocs=false,modelDocs=false,apiTests=false,modelTests=false');
  if (mappings) args.push('--type-mappings', mappings);
  try {
    execFileSync(PROGRAM, args, { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    if (error.code === 'ENOENT') console.error(`There is no ${PROGRAM}: dev/install.sh check installs it.`);
    else console.error(error.stdout, error.stderr);
    process.exit(1);
  }
}

function kept(name) {
  return here(`generated/${name}`);
}

function keep(name) {
  rmSync(kept(name), { recursive: true, force: true });
  cpSync(join(folder, name), kept(name), { recursive: true });
}

/** Returns every file below a folder with its content; nothing if there is no folder. */
function contents(path) {
  try {
    const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
    return paths.map((file) => [file.slice(path.length), readFileSync(file, 'utf8')]);
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}
