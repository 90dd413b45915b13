// Measures how close each function is to the limit of the machine. `bench/README.md` explains the tables.
//
//   dev/node bench/run.mjs [--only cold,warm,bare,ways,cache,firebase,capacity,growth,instructions,plans] [--quick]
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { functionNames } from '../dev/parts/functions.mjs';
import { DIRECTORY, ROOT } from '../dev/parts/places.mjs';
import { freePort } from '../dev/parts/processes.mjs';
import { ensureServiceAccount, startStandIn } from '../dev/parts/stand-in.mjs';
import { CASES, STAND_IN } from './cases.mjs';
import { startDatabase } from './database.mjs';
import { writeDocument } from './document.mjs';
import { buildAll } from './driver.mjs';
import { JWT_SECRET } from './requests.mjs';
import { bare } from './tables/bare.mjs';
import { capacity } from './tables/capacity.mjs';
import { cache } from './tables/cache.mjs';
import { firebase } from './tables/firebase.mjs';
import { growth } from './tables/growth.mjs';
import { instructions } from './tables/instructions.mjs';
import { warm } from './tables/warm.mjs';
import { plans } from './tables/plans.mjs';
import { cold } from './tables/cold.mjs';
import { ways } from './tables/ways.mjs';

const TABLES = { cold, warm, bare, ways, cache, firebase, capacity, growth, instructions, plans };
const RESULTS = join(ROOT, 'bench', 'results.json');

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, quick: { type: 'boolean', default: false } },
});
const only = values.only ? values.only.split(',') : Object.keys(TABLES);
const unknown = only.filter((name) => !TABLES[name]);
if (unknown.length > 0) throw new Error(`There is no table ${unknown}: ${Object.keys(TABLES).join(', ')}`);
const without = functionNames(ROOT).filter((name) => !CASES.some((it) => it.function === name));
if (without.length > 0) throw new Error(`bench/cases.mjs has no row for ${without}`);

const directory = join(DIRECTORY, 'bench');
const logs = join(directory, 'logs');
const say = (text) => console.error(`  ${text}`);
mkdirSync(logs, { recursive: true });

const driver = await buildAll(say);
driver.logs = logs;
const account = join(directory, 'service-account.json');
const service = { host: '127.0.0.1', port: await freePort(), directory: join(directory, 'stand-in') };
service.url = `http://${service.host}:${service.port}`;
ensureServiceAccount(account, `${service.url}/token`);
rmSync(service.directory, { recursive: true, force: true });
mkdirSync(service.directory, { recursive: true });
driver.variables = {
  JWT_SECRET,
  // Nothing listens there: `preflight` does not call the real Cloudinary.
  CLOUDINARY_URL: 'cloudinary://key:secret@bench?upload_prefix=https://127.0.0.1:9',
  FIREBASE_CREDENTIALS_PATH: account,
  FIREBASE_DATABASE_URL: '',
  FCM_URL: '',
  RUST_LOG: 'warn',
  // Rate limits are enabled, because their cost is part of the result, but so high that no request is rejected.
  SEND_LIMIT_DELIVERY: '1000000000/1000000',
  ROOM_LIMIT: '1000000000/1000000',
  UPLOAD_LIMIT: '1000000000/1000000',
  SEARCH_LIMIT: '1000000000/1000000',
};
const standIn = await startStandIn({ root: ROOT, ...service, logs, credentials: account, died: say });
Object.assign(STAND_IN, { FIREBASE_DATABASE_URL: service.url, FCM_URL: service.url });
const database = await startDatabase(driver, { say, logs });
driver.variables.DATABASE_URL = database.url;
const stopAll = () => Promise.all([database.stop(), standIn.stop()]);
const stop = async () => {
  await stopAll();
  process.exit(1);
};
process.once('SIGINT', stop).once('SIGTERM', stop);
try {
  // Results of the tables that are not measured now stay unchanged.
  const results = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {};
  results.machine = { cpus: `${cpus().length} × ${cpus()[0].model}`, memory: `${Math.round(totalmem() / 1e9)} GB`, system: `Linux ${release()} ${arch()}` };
  for (const [index, name] of only.entries()) {
    const began = Date.now();
    say(`${name}: table ${index + 1} of ${only.length}, ${new Date().toTimeString().slice(0, 8)}`);
    results[name] = await TABLES[name]({ driver, database, directory, logs, say, quick: values.quick });
    results[name].quick = values.quick || undefined;
    results[name].seconds = Math.round((Date.now() - began) / 1000);
    // At once: a failure of a later table must not lose this one.
    writeFileSync(RESULTS, `${JSON.stringify(results, null, 1)}\n`);
  }
  if (!values.quick) writeDocument(results);
} finally {
  await stopAll();
}
