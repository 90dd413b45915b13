import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newServiceAccount } from '../firebase/sign-in/service-account.mjs';
import { start, untilReady } from './processes.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Starts the Firebase stand-in with the rules that are deployed. */
export async function startStandIn({ root, url, host, port, directory, logs, credentials, died }) {
  const options = { port, host, rules: rulesOf(root), data: join(directory, 'firebase'), 'service-account': credentials };
  const args = ['--import', here('./end-with-parent.mjs'), here('../firebase/main.mjs')];
  for (const [name, value] of Object.entries(options)) args.push(`--${name}`, String(value));
  const standIn = await start('firebase', process.execPath, args, { cwd: root, logs, died });
  await untilReady(standIn, () => fetch(url));
  return standIn;
}

/** Creates the service account of the functions once, so that its access tokens stay valid. */
export function ensureServiceAccount(file, tokenUri) {
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : newServiceAccount({ projectId: 'relais-dev' });
  writeFileSync(file, `${JSON.stringify({ ...known, token_uri: tokenUri }, null, 2)}\n`, { mode: 0o600 });
}

/** Uploads our rules to the official emulator, which otherwise has those of its own start. */
export async function uploadRules(root, emulatorHost) {
  const url = `http://${emulatorHost}/.settings/rules.json?ns=relais-dev`;
  const request = { method: 'PUT', headers: { authorization: 'Bearer owner' }, body: readFileSync(rulesOf(root)) };
  const response = await fetch(url, request).catch((error) => {
    throw new Error(`No Firebase emulator responds at FIREBASE_DATABASE_EMULATOR_HOST=${emulatorHost} (${error.cause?.code ?? error.message}).`);
  });
  if (!response.ok) throw new Error(`The Firebase emulator at ${emulatorHost} does not take our rules: ${await response.text()}`);
}

const rulesOf = (root) => join(root, 'firebase', 'database.rules.json');
