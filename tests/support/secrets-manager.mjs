// Secrets Manager, emulated by moto.

import assert from 'node:assert/strict';

/**
 * Sends an action, as the AWS CLI does, to moto at the URL `aws`. moto reads only the service name in the signature.
 */
export async function secretsManager(aws, action, body) {
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `secretsmanager.${action}`,
    authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-3/secretsmanager/aws4_request, SignedHeaders=host, Signature=0',
  };
  const response = await fetch(aws, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.ok(response.ok, await response.text());
}

/** Returns the variables with which a function on Lambda reads the secret `id`. */
export const secretVariables = (aws, id) => ({
  CHAT_SECRET_ID: id,
  AWS_ENDPOINT_URL: aws,
  AWS_REGION: 'eu-west-3',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
});
