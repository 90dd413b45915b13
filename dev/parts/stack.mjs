import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build, emulatorBinary, stampOf, watchSources } from './build.mjs';
import { loadDemo } from './demo.mjs';
import { functionNames, startFunctions } from './functions.mjs';
import { buildPage, PAGE_SOURCES, startPage } from './page.mjs';
import { PEOPLE } from './people.mjs';
import { endLeftover, requireDatabase, startPostgres } from './postgres.mjs';
import { postgresServer } from './postgres-server.mjs';
import { requireFreePort } from './processes.mjs';
import { ensureServiceAccount, uploadRules, startStandIn } from './stand-in.mjs';
import { repeat } from './schedule.mjs';
import { accessToken, platformToken } from './tokens.mjs';
import { lineOf, startReceiver } from './webhooks.mjs';

/** The parts of a stack in the order of their start. They stop in reverse order. */
export const PARTS = ['postgres', 'firebase', 'webhooks', 'functions', 'page'];

/** Its schedule runs every five minutes, which is too long to wait for at a terminal. */
const ROLL_UP_EVERY_SECONDS = 10;

export class Stack {
  /** The variables for programs that use the stack. */
  variables;
  /** Whether the demo users exist. They are not loaded if the tables are views. */
  hasDemo = true;
  #root;
  #settings;
  #say;
  #signal;
  #onWebhook;
  #logs;
  #page;
  #postgresServer;
  #postgres;
  #functions;
  #binaries;
  #undo = [];

  /**
   * @param say     called with each step, for the developer
   * @param signal  aborts the start
   * @param onWebhook  called with each event that the receiver gets, as a line of text
   */
  constructor(settings, { root, say, signal, onWebhook = () => {} }) {
    this.#root = root;
    this.#settings = settings;
    this.#say = say;
    this.#signal = signal;
    this.#onWebhook = onWebhook;
    this.#logs = join(settings.directory, 'logs');
    this.#page = join(settings.directory, 'page');
    this.variables = variablesOf(settings);
  }

  /** Starts these parts. If one fails, stops those before it. */
  async start(parts = PARTS) {
    const steps = {
      postgres: this.#startPostgres,
      firebase: this.#startFirebase,
      webhooks: this.#startWebhooks,
      functions: this.#startFunctions,
      page: this.#startPage,
    };
    mkdirSync(this.#logs, { recursive: true });
    try {
      await this.#requireFreePorts(parts);
      for (const part of PARTS.filter((name) => parts.includes(name))) {
        await steps[part].call(this);
        this.#signal.throwIfAborted();
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop() {
    for (const end of this.#undo.splice(0).reverse()) await end();
  }

  /** Invokes a function by name, as its schedule or a deployment does. */
  invoke(name, event) {
    return this.#functions.invoke(name, event);
  }

  /**
   * Kills one process of a function with SIGKILL; `which` from 0 to 1 selects it. Returns whether one was running.
   */
  kill(name, which) {
    return this.#functions.kill(name, which);
  }

  /** Stops PostgreSQL by a signal (`SIGQUIT`: as in a crash) and starts it again. */
  restartPostgres(signal) {
    return this.#postgres.restart(signal);
  }

  async #requireFreePorts(parts) {
    const { api, postgres, firebase, webhooks, web, directory } = this.#settings;
    if (parts.includes('postgres') && postgres.start) {
      this.#postgresServer = postgresServer({ root: this.#root, directory });
      await endLeftover(this.#postgresServer);
      await requireFreePort(postgres.port, postgres.host, { what: 'PostgreSQL', variable: 'POSTGRES_PORT' });
    }
    if (parts.includes('firebase') && firebase.start) {
      const { port, host } = firebase.standIn;
      await requireFreePort(port, host, { what: 'the Firebase stand-in', variable: 'FIREBASE_PORT' });
    }
    if (parts.includes('webhooks') && webhooks.start) {
      await requireFreePort(webhooks.port, webhooks.host, { what: 'the receiver of webhooks', variable: 'WEBHOOK_PORT' });
    }
    if (parts.includes('functions')) {
      await requireFreePort(api.port, api.host, { what: 'the API', variable: 'API_PORT' });
    }
    if (parts.includes('page')) {
      await requireFreePort(web.port, web.host, { what: 'the page with two phones', variable: 'WEB_PORT' });
    }
  }

  async #startPostgres() {
    const { postgres } = this.#settings;
    if (!postgres.start) return requireDatabase(postgres.url);
    this.#say('PostgreSQL starts');
    const running = await startPostgres(this.#postgresServer, { ...postgres, logs: this.#logs, died: this.#say });
    this.#postgres = running;
    this.#undo.push(running.stop);
  }

  async #startFirebase() {
    const { firebase, directory } = this.#settings;
    if (firebase.credentials === firebase.ownCredentials) {
      ensureServiceAccount(firebase.ownCredentials, `${firebase.standIn.url}/token`);
    }
    if (firebase.kind === 'emulator') await uploadRules(this.#root, firebase.emulatorHost);
    if (!firebase.start) return;
    this.#say('The Firebase stand-in starts');
    const { credentials, standIn } = firebase;
    const options = { root: this.#root, ...standIn, directory, credentials, logs: this.#logs, died: this.#say };
    const running = await startStandIn(options);
    this.#undo.push(() => running.stop());
  }

  /** The functions send webhooks only if the receiver runs, or to the developer's own. */
  async #startWebhooks() {
    const { webhooks } = this.#settings;
    if (!webhooks.start) return;
    this.#say('The receiver of webhooks starts');
    const known = new Set();
    const handle = (id, event) => {
      if (!known.has(id)) {
        this.#onWebhook(lineOf(event));
        appendFileSync(join(this.#logs, 'webhooks.log'), `${JSON.stringify({ id, ...event })}\n`);
      }
      known.add(id);
      return 204;
    };
    this.#undo.push(await startReceiver({ ...webhooks, handle }));
    Object.assign(this.variables, { WEBHOOK_URL: webhooks.url, WEBHOOK_SECRET: webhooks.secret });
  }

  async #startFunctions() {
    const { api, profile, environmentsPerFunction: environments, sweepEverySeconds, firebase } = this.#settings;
    const names = functionNames(this.#root);
    this.#say(`The functions are built (profile ${profile}); the first time takes some minutes`);
    this.#binaries = await build(this.#root, { profile, signal: this.#signal });

    this.#say(`${names.length} functions start`);
    this.#functions = await startFunctions({
      ...api,
      root: this.#root,
      emulator: await emulatorBinary(this.#root),
      binaries: this.#binaries,
      environment: { CORS_ALLOW_ORIGIN: '*', ...process.env, FIREBASE_DATABASE_EMULATOR_HOST: '', ...this.variables },
      logs: this.#logs,
      environments,
      say: this.#say,
    });
    this.#undo.push(() => this.#functions.stop());
    await this.#migrate();
    this.hasDemo = await loadDemo(this.variables.DATABASE_URL);

    await this.#requireResponse();
    this.#undo.push(repeat(this, 'maintain-rooms', sweepEverySeconds, this.#say));
    const channels = ['mirror'];
    if (firebase.fcmUrl !== '') channels.push('push');
    if (this.variables.WEBHOOK_URL) channels.push('webhooks');
    for (const channel of channels) {
      this.#undo.push(repeat(this, 'deliver-pending', sweepEverySeconds, this.#say, { channel }));
    }
    this.#undo.push(repeat(this, 'roll-up-analytics', ROLL_UP_EVERY_SECONDS, this.#say));
  }

  async #startPage() {
    const { web } = this.#settings;
    this.#say('The page with two phones is built');
    await buildPage(this.#root, { folder: this.#page, signal: this.#signal, server: this.variables.BASE_URL });
    this.#undo.push(await startPage(this.variables, { ...web, folder: this.#page }));
  }

  /** Rebuilds after each saved source, and replaces the running functions if it compiles. */
  watch() {
    const names = functionNames(this.#root);
    const binaries = this.#binaries;
    let stamp = stampOf(binaries, names);
    const reload = async () => {
      const began = Date.now();
      await build(this.#root, { profile: this.#settings.profile, signal: this.#signal, quiet: true });
      if (stamp === stampOf(binaries, names)) return;
      stamp = stampOf(binaries, names);
      await this.#functions.replace('migrate-database');
      await this.#migrate();
      await Promise.all(names.filter((name) => name !== 'migrate-database').map((name) => this.#replace(name)));
      this.#say(`Sources changed: built and replaced in ${((Date.now() - began) / 1_000).toFixed(1)} s`);
    };
    const end = watchSources(this.#root, () => reload().catch((error) => this.#signal.aborted || this.#say(`${error.message}\nWhat ran before goes on.`)));
    this.#undo.push(end, this.#watchPage());
  }

  /** If the new process cannot start, the old one continues. */
  async #replace(name) {
    await this.#functions.replace(name).catch((error) => this.#say(`${error.message}\nThe old ${name} goes on.`));
  }

  #watchPage() {
    const rebuild = async () => {
      await buildPage(this.#root, { folder: this.#page, signal: this.#signal, server: this.variables.BASE_URL });
      this.#say('The page was built anew: reload it');
    };
    const changed = () => rebuild().catch((error) => this.#signal.aborted || this.#say(error.message));
    return watchSources(this.#root, changed, { folders: PAGE_SOURCES, files: [] });
  }

  async #migrate() {
    await this.invoke('migrate-database').catch((error) => {
      throw new Error(`The migrations failed: ${error.message}`);
    });
  }

  /** Sends one real request through the whole stack. */
  async #requireResponse() {
    const url = `${this.variables.BASE_URL}/api/v1/chat/rooms/unread_count/`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${this.variables.TOKEN_DRIVER}` } });
    // The developer's own token or users may not match the demo: a 401 also proves that the stack works.
    if (response.status !== 200 && response.status !== 401) {
      throw new Error(`GET ${url} returned ${response.status}: ${await response.text()}\nThe logs are in ${this.#logs}`);
    }
  }
}

function variablesOf({ api, web, postgres, firebase, webhooks, jwtSecret, tokens }) {
  const variables = {
    BASE_URL: api.url,
    WEB_URL: web.url,
    DATABASE_URL: postgres.url,
    JWT_SECRET: jwtSecret,
    FIREBASE_DATABASE_URL: firebase.url,
    FIREBASE_CREDENTIALS_PATH: firebase.credentials,
  };
  if (firebase.fcmUrl !== undefined) variables.FCM_URL = firebase.fcmUrl;
  if (!webhooks.start && webhooks.url) Object.assign(variables, { WEBHOOK_URL: webhooks.url, WEBHOOK_SECRET: webhooks.secret });
  if (firebase.emulatorHost) variables.FIREBASE_DATABASE_EMULATOR_HOST = firebase.emulatorHost;
  for (const [who, id] of Object.entries(PEOPLE)) {
    variables[`TOKEN_${who}`] = tokens[`TOKEN_${who}`] || accessToken(id, jwtSecret);
  }
  variables.TOKEN_PLATFORM = tokens.TOKEN_PLATFORM || platformToken(jwtSecret);
  return variables;
}
