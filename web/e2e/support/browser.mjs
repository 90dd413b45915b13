// Real Chromium. Each user has a browser context, as if on a separate device.

import { after, before } from 'node:test';

import { chromium } from 'playwright-core';

import { BASE_URL, FIREBASE_HOST } from '../../../tests/support/settings.mjs';
import { CHROMIUM, SCREENSHOTS, WEB_URL } from './settings.mjs';

const FLAGS = [
  // Chromium has no sandbox for root.
  ...(process.getuid() === 0 ? ['--no-sandbox'] : []),
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 800 };

let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
});
after(() => browser.close());

/** Returns the page's configuration; `api` and `firebase` may be the addresses of proxies that a test can cut. */
export const configFor = (people, { api = BASE_URL, firebase = FIREBASE_HOST, deliveries = [] } = {}) => ({
  api_url: api,
  firebase: { api_key: 'none', database_emulator: firebase, auth_emulator: `http://${firebase}` },
  people: people.map(({ id, full_name, user_type, token }) => ({ id, full_name, user_type, token })),
  deliveries,
});

/** Opens a page in a context of its own. Without `config` it uses the stack's. */
export async function aPage({ path = '/', config, viewport = PHONE, ...options } = {}) {
  const context = await browser.newContext({ viewport, locale: 'fr-FR', ...options });
  const page = await context.newPage();
  page.mistakes = [];
  page.on('pageerror', (error) => page.mistakes.push(error.message));
  if (config) await context.route('**/config.json', (route) => route.fulfill({ json: config }));
  // No test uses the internet: a test supplies its photos itself.
  await context.route(/^https:/, (route) => route.abort());
  await page.goto(WEB_URL + path);
  return page;
}

/** Opens the phone of `person`, with the actions of a user. */
export async function phoneOf(person, { path = '', config = configFor([person]), ...options } = {}) {
  const page = await aPage({ path: `/?moi=${person.id}${path}`, config, ...options });
  const bubbles = page.locator('.bubble');
  return {
    page,
    bubbles,
    composer: page.getByRole('textbox', { name: 'Votre message' }),
    rooms: page.getByRole('navigation', { name: 'Conversations' }),
    /** Waits for the number of unread messages beside the viewer's name. */
    badge: (words) => page.getByText(`· ${words}`, { exact: false }).waitFor({ timeout: 5_000 }),
    typing: page.locator('.typing'),
    isLive: () => page.getByText('En direct').waitFor({ state: 'attached' }),
    /** Waits for the API's part of the open room. Firebase may have shown the messages before. */
    isLoaded: () => page.locator('[role="log"][aria-busy="false"]').waitFor(),
    bubble: (words) => bubbles.filter({ hasText: words }),
    texts: () => page.locator('.bubble > p').allTextContents(),
    open: (name) => page.getByRole('link', { name }).click(),
    async write(words) {
      await this.composer.fill(words);
      await page.getByRole('button', { name: 'Envoyer', exact: true }).click();
    },
    screenshot: (name) => page.screenshot({ path: `${SCREENSHOTS}${name}.png` }),
    close: () => page.context().close(),
  };
}
