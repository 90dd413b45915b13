import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newPrivateKey } from './service-account.mjs';

/**
 * Returns the key that signs ID tokens, as PEM. It is stored with the data, so that sessions survive a
 * restart.
 */
export function signingKey(directory) {
  const file = directory === undefined ? null : join(directory, 'id-token-key.pem');
  if (file !== null && existsSync(file)) return readFileSync(file, 'utf8');
  const privateKey = newPrivateKey();
  if (file !== null) writeFileSync(file, privateKey, { mode: 0o600 });
  return privateKey;
}
