// Reads the mirror with admin rights, past the security rules.

import assert from 'node:assert/strict';

import { FIREBASE_DATABASE_URL, FIREBASE_HOST } from './settings.mjs';

const database = new URL(FIREBASE_DATABASE_URL);
/** The namespace, as Google's SDKs derive it: `ns` of the URL, or else the first label of its host. */
export const namespace = database.searchParams.get('ns') ?? database.hostname.split('.')[0];

/** Returns the value at a path of the database, or null. */
export async function mirrored(path) {
  const response = await fetch(`http://${FIREBASE_HOST}${path}.json?ns=${namespace}`, {
    headers: { authorization: 'Bearer owner' },
  });
  assert.equal(response.status, 200, `Firebase answered ${response.status} for ${path}`);
  return response.json();
}

export const mirroredRoom = (room) => mirrored(`/chats/${room.id}`);

/** Replaces the faults that the stand-in injects. */
export async function inject(faults) {
  const response = await fetch(`http://${FIREBASE_HOST}/.faults`, { method: 'PUT', body: JSON.stringify(faults) });
  assert.ok(response.ok, `the stand-in takes no faults: ${response.status}`);
}
