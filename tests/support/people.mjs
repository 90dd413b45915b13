// Creates users, deliveries and conversations for one test. Tests share none.

import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';

import { api } from './api.mjs';
import { sql } from './database.mjs';
import { accessToken } from './tokens.mjs';

const NAMES = { driver: 'Kouamé Yao', client: 'Jean Dupont', merchant: 'Boutique Adjamé', admin: 'Awa Koné' };

/** Creates a user of the platform, who can call the API: `await user.get('rooms/')`. */
export async function person(userType, changes = {}) {
  const row = {
    id: randomUUID(),
    full_name: NAMES[userType],
    phone_number: `+22507${randomInt(10_000_000, 99_999_999)}`,
    user_type: userType,
    profile_photo_url: `https://res.cloudinary.com/relais/${userType}.jpg`,
    is_active: true,
    ...changes,
  };
  await sql(
    `INSERT INTO users (id, full_name, phone_number, user_type, profile_photo_url, is_active)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [row.id, row.full_name, row.phone_number, row.user_type, row.profile_photo_url, row.is_active],
  );
  const token = accessToken(row.id);
  return { ...row, token, ...api(`Bearer ${token}`) };
}

export const aDriver = (changes) => person('driver', changes);
export const aClient = (changes) => person('client', changes);
export const aMerchant = (changes) => person('merchant', changes);
export const anAdmin = (changes) => person('admin', changes);

/** Creates a delivery of the platform. Omitted participants are null. */
export async function aDelivery({ driver, client, merchant, ...changes }) {
  const row = {
    id: randomUUID(),
    tracking_number: `LBN${randomInt(100_000_000, 999_999_999)}`,
    pickup_address: 'Cocody, Riviera Palmeraie, Abidjan',
    delivery_address: 'Yopougon, Maroc, Abidjan',
    ...changes,
  };
  await sql(
    `INSERT INTO deliveries (id, tracking_number, pickup_address, delivery_address, driver_id, client_id, merchant_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [row.id, row.tracking_number, row.pickup_address, row.delivery_address, driver?.id, client?.id, merchant?.id],
  );
  return row;
}

/** Creates the room of a driver and another user, as the driver. */
export async function aRoom(driver, other, body = {}) {
  const room_type = other.user_type === 'admin' ? 'support' : 'delivery';
  const { status, body: room } = await driver.post('rooms/', { other_user_id: other.id, room_type, ...body });
  assert.equal(status, 201);
  return room;
}

/** Creates a driver and a client with a delivery and a room about it. */
export async function aConversation(body = {}) {
  const [driver, client] = await Promise.all([aDriver(), aClient()]);
  const delivery = await aDelivery({ driver, client });
  const room = await aRoom(driver, client, { delivery_id: delivery.id, ...body });
  return { driver, client, delivery, room };
}

/** Sends a text and returns the stored message. */
export async function say(sender, room, text = 'Bonjour', extra = {}) {
  const { status, body } = await sender.post('messages/', { chat_room_id: room.id, text, ...extra });
  assert.equal(status, 201);
  return body;
}

/** Returns the room as this user sees it. */
export async function seenBy(viewer, room) {
  const { status, body } = await viewer.get(`rooms/${room.id}/`);
  assert.equal(status, 200);
  return body;
}
