// The pushes that the FCM stand-in has received (dev/firebase/README.md).

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { FCM_URL } from './settings.mjs';

async function control(method, path, body) {
  const response = await fetch(`${FCM_URL}${path}`, { method, body: body && JSON.stringify(body) });
  assert.ok(response.ok, `the stand-in answered ${response.status} to ${method} ${path}`);
  return response.status === 204 ? undefined : response.json();
}

/** Returns the FCM messages that a device has received so far. */
export async function pushesTo(token) {
  const pushes = await control('GET', `/.pushes?token=${encodeURIComponent(token)}`);
  return pushes.map(({ message }) => message);
}

/** Makes FCM report these devices as unregistered from now on. */
export const uninstall = (...tokens) => control('PUT', '/.unregistered-devices', tokens);

/** Expires all access tokens at once. */
export const endAccessTokens = () => control('DELETE', '/.access-tokens');

/** Registers a device of a user, and returns a token in FCM's form. */
export async function aDevice(owner) {
  const token = `d${randomUUID().slice(0, 8)}:APA91b${randomUUID()}`;
  const { status } = await owner.put(`devices/${token}/`);
  assert.equal(status, 201);
  return token;
}
