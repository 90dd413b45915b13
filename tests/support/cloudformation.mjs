// CloudFormation's part in a custom resource: it invokes a function, and the function responds to a signed URL.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { after } from 'node:test';

const MAX_RESPONSE = 4096;
const STACK = 'arn:aws:cloudformation:eu-west-3:123456789012:stack/relais-production/0f1e2d3c';

export async function cloudFormation() {
  const waiting = new Map();
  const server = createServer(async (request, response) => {
    const body = await text(request);
    waiting.get(request.url)?.({ method: request.method, headers: request.headers, body });
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close());
  let requests = 0;

  /** Sends a request by `invoke(event)`, and returns the response to it. */
  return async function request(invoke, RequestType, changes = {}) {
    const RequestId = `request-${++requests}`;
    const path = `/response/${RequestId}?X-Amz-Signature=0`;
    const responded = new Promise((resolve) => waiting.set(path, resolve));
    const invoked = invoke({
      RequestType,
      ResponseURL: `http://127.0.0.1:${server.address().port}${path}`,
      StackId: STACK,
      RequestId,
      ResourceType: 'AWS::CloudFormation::CustomResource',
      LogicalResourceId: 'Schema',
      ResourceProperties: { ServiceToken: 'arn:aws:lambda:eu-west-3:123456789012:function:migrate', CodeVersion: '1' },
      ...changes,
    });
    // If the function fails, no response arrives.
    const { method, headers, body } = await Promise.race([responded, invoked.then(() => responded)]);
    await invoked;
    assert.equal(method, 'PUT');
    assert.equal(headers['content-type'] ?? '', '', 'the URL is signed for no content type');
    assert.ok(Buffer.byteLength(body) <= MAX_RESPONSE, body);
    const { StackId, LogicalResourceId, RequestId: ofRequest, ...response } = JSON.parse(body);
    assert.deepEqual({ StackId, LogicalResourceId, ofRequest }, { StackId: STACK, LogicalResourceId: 'Schema', ofRequest: RequestId });
    return response;
  };
}
