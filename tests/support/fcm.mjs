// The pushes, as the stand-in of FCM has got them (dev/firebase/README.md).

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { FCM_URL } from './settings.mjs';

async function control(method, path, body) {
  const response = await fetch(`${FCM_URL}${path}`, { method, body: body && JSON.stringify(body) });
  assert.ok(response.ok, `the stand-in answered ${response.status} to ${method} ${path}`);
  return response.status === 204 ? undefined : response.json();
}

/** What a device was sent so far: FCM's messages. */
export async function pushesTo(token) {
  const pushes = await control('GET', `/.pushes?token=${encodeURIComponent(token)}`);
  return pushes.map(({ message }) => message);
}

/** From now on the app is installed on none of these devices. */
export const uninstall = (...tokens) => control('PUT', '/.unregistered-devices', tokens);

/** All access tokens end at once. */
export const endAccessTokens = () => control('DELETE', '/.access-tokens');

/** A device on which somebody is signed in; its token, in the form that FCM's have. */
export async function aDevice(owner) {
  const token = `d${randomUUID().slice(0, 8)}:APA91b${randomUUID()}`;
  const { status } = await owner.put(`devices/${token}/`);
  assert.equal(status, 201);
  return token;
}
