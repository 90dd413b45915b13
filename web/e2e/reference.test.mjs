// The API reference that the stack serves beside the page: every endpoint, a curl line for each, and "Try it out".
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { parse } from 'yaml';

import { aPage, DESKTOP } from './support/browser.mjs';
import { WEB_URL } from './support/settings.mjs';

const api = parse(await readFile(new URL('../../openapi.yaml', import.meta.url), 'utf8'));

test('the reference has every endpoint with a curl line, and loads nothing from the network', async () => {
  const page = await aPage({ path: '/?blank', viewport: DESKTOP });
  const requests = [];
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(`${WEB_URL}/api.html`);
  for (const operations of Object.values(api.paths)) {
    for (const { operationId, tags } of Object.values(operations).filter((operation) => operation.operationId)) {
      await page.locator(`#operations-${tags[0]}-${operationId}`).waitFor();
    }
  }
  await page.locator('#operations-Messages-sendMessage .opblock-summary-control').click();
  await page.getByText('curl -X POST "$BASE_URL/api/v1/chat/messages/"').waitFor();
  assert.deepEqual(
    requests.filter((url) => !url.startsWith(WEB_URL)),
    [],
  );
});
