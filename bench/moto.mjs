import { freePort, start, untilReady } from '../dev/parts/processes.mjs';

const ID = 'bench';

/** Starts moto, an emulator of AWS, with one secret in its Secrets Manager. */
export async function startMoto({ logs, secret }) {
  const port = await freePort();
  const running = await start('moto', 'moto_server', ['-H', '127.0.0.1', '-p', String(port)], { logs });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(running, () => fetch(url));
  await call(url, 'CreateSecret', { Name: ID, SecretString: JSON.stringify(secret) });
  const began = performance.now();
  const times = 30;
  for (let n = 0; n < times; n++) await call(url, 'GetSecretValue', { SecretId: ID });
  return {
    variables: { CHAT_SECRET_ID: ID, AWS_ENDPOINT_URL: url, AWS_REGION: 'eu-west-3', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    /** The response time of moto itself, in ms. */
    latency: (performance.now() - began) / times,
    stop: () => running.stop(),
  };
}

/** Sends the same request as the AWS CLI. moto reads only the service name in the signature. */
async function call(url, action, body) {
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `secretsmanager.${action}`,
    authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-3/secretsmanager/aws4_request, SignedHeaders=host, Signature=0',
  };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`moto: ${text}`);
}
