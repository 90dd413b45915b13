import { randomBytes } from 'node:crypto';
import { json } from '../http/answers.mjs';
import { badRequest } from '../errors.mjs';
import { refusal, invalid } from './errors.mjs';
import { problemOf } from './message.mjs';

/**
 * Firebase Cloud Messaging: the part of its HTTP v1 API that sends to one device. It delivers nothing and
 * records every message.
 */

const PATH = /^\/v1\/projects\/([^/]+)\/messages:send$/;
const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
/** More pushes than any test sends. */
const CAPACITY = 100_000;

export class Messaging {
  #account;
  #oauth;
  #pushes = [];
  #unregistered = new Set();

  constructor(account, oauth) {
    this.#account = account;
    this.#oauth = oauth;
  }

  /** Processes `POST /v1/projects/{project}/messages:send`; returns null for another path. */
  answer({ method, url, headers, body, fault }) {
    const project = PATH.exec(url.pathname)?.[1];
    if (project === undefined) return null;
    if (method !== 'POST') return refusal(404, 'NOT_FOUND');
    const token = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
    if (!this.#oauth.isGoodFor(token, SCOPE)) return refusal(401, 'UNAUTHENTICATED');
    if (project !== this.#account.projectId) return refusal(403, 'PERMISSION_DENIED');
    const problem = problemOf(body);
    if (problem !== null) return invalid(problem);

    const { message } = JSON.parse(body.toString());
    if (this.#unregistered.has(message.token)) return refusal(404, 'UNREGISTERED');
    const id = `0:${Date.now()}${randomBytes(8).toString('hex')}`;
    this.#pushes.push({ time: Date.now(), token: message.token, message, ...(fault && { fault }) });
    if (this.#pushes.length > CAPACITY) this.#pushes.shift();
    return json(200, { name: `projects/${project}/messages/${id}` });
  }

  /**
   * Returns the messages to all devices or to one: `{time, token, message}`, and `fault` if one was injected.
   */
  list(token) {
    return token === null ? this.#pushes : this.#pushes.filter((push) => push.token === token);
  }

  clear() {
    this.#pushes = [];
  }

  /** Returns the devices on which the app is no longer installed. */
  get unregistered() {
    return [...this.#unregistered];
  }

  set unregistered(tokens) {
    if (!Array.isArray(tokens)) throw badRequest('Send a list of device tokens.');
    this.#unregistered = new Set(tokens);
  }
}
