import { createPublicKey, generateKeyPairSync } from 'node:crypto';

/** Returns the service account whose assertions and custom tokens are accepted, from the content of its key file. */
export function serviceAccountOf(json) {
  return {
    email: json.client_email,
    projectId: json.project_id,
    tokenUri: json.token_uri,
    publicKey: createPublicKey(json.private_key),
  };
}

/** Creates a service account's key file as Google's console does. */
export function newServiceAccount({ projectId = 'demo-relais', tokenUri = 'http://127.0.0.1:9100/token' } = {}) {
  return {
    type: 'service_account',
    project_id: projectId,
    private_key_id: 'stand-in',
    private_key: newPrivateKey(),
    client_email: `relais@${projectId}.iam.gserviceaccount.com`,
    token_uri: tokenUri,
  };
}

/** Returns the PEM of a new RSA key. */
export function newPrivateKey() {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return privateKey;
}
