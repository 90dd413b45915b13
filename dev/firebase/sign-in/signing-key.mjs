import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newPrivateKey } from './service-account.mjs';

/** The key that signs ID tokens, as PEM: kept with the data, so that a restart signs nobody out. */
export function signingKey(directory) {
  const file = directory === undefined ? null : join(directory, 'id-token-key.pem');
  if (file !== null && existsSync(file)) return readFileSync(file, 'utf8');
  const privateKey = newPrivateKey();
  if (file !== null) writeFileSync(file, privateKey, { mode: 0o600 });
  return privateKey;
}
