// Users who send messages, and their phones: the official SDK, signed in with a token of the API.

import { randomUUID } from 'node:crypto';
import { deleteApp, initializeApp } from 'firebase/app';
import { connectAuthEmulator, inMemoryPersistence, initializeAuth, signInWithCustomToken, signOut } from 'firebase/auth';
import { connectDatabaseEmulator, getDatabase, goOffline } from 'firebase/database';
import { accessToken, platformToken } from '../../dev/parts/tokens.mjs';
import { InboxObserver } from './inbox.mjs';
import { Observer } from './observer.mjs';

const REQUEST_TIMEOUT_MS = 120_000;

/**
 * Creates a room with a driver and a client about a delivery. Includes the platform, the phones of both, which listen,
 * and the devices of both, one of them unregistered.
 */
export async function conversation(truth, { api, firebase, jwtSecret }) {
  const [driver, client, delivery] = [randomUUID(), randomUUID(), randomUUID()];
  await truth.query(
    `INSERT INTO users (id, full_name, user_type) VALUES ($1, 'Kouassi Yao', 'driver'), ($2, 'Aya Koné', 'client')`,
    [driver, client],
  );
  await truth.query('INSERT INTO deliveries (id, driver_id, client_id) VALUES ($1, $2, $3)', [delivery, driver, client]);
  const people = [driver, client].map((id) => new Person(api, accessToken(id, jwtSecret)));
  const room = await people[0].post('rooms/', { room_type: 'delivery', other_user_id: client, delivery_id: delivery });
  const platform = new Person(api, platformToken(jwtSecret));
  const phones = [];
  for (const person of people) phones.push(await phone(firebase, (await person.post('firebase_token/')).token));
  const inboxes = [driver, client].map((user, side) => new InboxObserver(phones[side].database, { user, room: room.id }));
  const close = () => Promise.all(phones.map((it) => it.close()));
  const devices = [
    { owner: driver, token: `driver:${randomUUID()}` },
    { owner: client, token: `phone:${randomUUID()}` },
    { owner: client, token: `tablet:${randomUUID()}` },
    { owner: client, token: `gone:${randomUUID()}`, isGone: true },
  ];
  for (const { owner, token } of devices) await people[owner === driver ? 0 : 1].put(`devices/${token}/`);
  return { id: room.id, delivery, people, platform, devices, observer: new Observer(phones[1].database, room.id), users: [driver, client], inboxes, close };
}

async function phone(host, token) {
  const app = initializeApp({ apiKey: 'of-no-use-here', databaseURL: `http://${host}` }, randomUUID());
  const auth = initializeAuth(app, { persistence: inMemoryPersistence });
  connectAuthEmulator(auth, `http://${host}`, { disableWarnings: true });
  const database = getDatabase(app);
  const [name, port] = host.split(':');
  connectDatabaseEmulator(database, name, Number(port));
  await signInWithCustomToken(auth, token);
  const close = async () => {
    await signOut(auth);
    goOffline(database);
    await deleteApp(app);
  };
  return { database, close };
}

class Person {
  #api;
  #headers;

  constructor(api, token) {
    this.#api = api;
    this.#headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  }

  /** Repeats a request until it succeeds, as a phone does. Repeats must change nothing. */
  post(path, body = {}) {
    return this.#untilSuccess('POST', path, body);
  }

  put(path) {
    return this.#untilSuccess('PUT', path);
  }

  /** Edits a message. Another request may have deleted it. */
  edit(message, text) {
    return this.#untilSuccess('PATCH', `messages/${message}/`, { text }, [400]);
  }

  deleteMessage(message) {
    return this.#untilSuccess('DELETE', `messages/${message}/`);
  }

  async #untilSuccess(method, path, body, expected = []) {
    const deadline = Date.now() + REQUEST_TIMEOUT_MS;
    for (;;) {
      const response = await this.#try(method, path, body);
      if (response?.ok || expected.includes(response?.status)) return response.json();
      if (response && response.status < 500) throw new Error(`${path} returned ${response.status}: ${await response.text()}`);
      if (Date.now() > deadline) throw new Error(`${path}: no success in ${REQUEST_TIMEOUT_MS / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #try(method, path, body) {
    const request = { method, headers: this.#headers, body: JSON.stringify(body) };
    return fetch(`${this.#api}/api/v1/chat/${path}`, request).catch(() => undefined);
  }
}
