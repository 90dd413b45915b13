// The mirror, read past the rules as the backend's own console would.

import assert from 'node:assert/strict';

import { FIREBASE_DATABASE_URL, FIREBASE_HOST } from './settings.mjs';

const database = new URL(FIREBASE_DATABASE_URL);
/** As Google's SDKs find it: `ns` of the address, or else the first label of its host. */
export const namespace = database.searchParams.get('ns') ?? database.hostname.split('.')[0];

/** What Firebase has at a path, null where there is nothing. */
export async function mirrored(path) {
  const response = await fetch(`http://${FIREBASE_HOST}${path}.json?ns=${namespace}`, {
    headers: { authorization: 'Bearer owner' },
  });
  assert.equal(response.status, 200, `Firebase answered ${response.status} for ${path}`);
  return response.json();
}

export const mirroredRoom = (room) => mirrored(`/chats/${room.id}`);

/** From now on the stand-in commits these faults, and no others. */
export async function inject(faults) {
  const response = await fetch(`http://${FIREBASE_HOST}/.faults`, { method: 'PUT', body: JSON.stringify(faults) });
  assert.ok(response.ok, `the stand-in takes no faults: ${response.status}`);
}
