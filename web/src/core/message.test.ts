import { expect, test } from 'vitest';
import type { FirebaseMessage, Message as RestMessage } from '../../generated/typescript';
import { fromFirebase, fromRest } from './message';

const rest = {
  id: 'id-1',
  chat_room: 'room',
  sender: { id: 'other', full_name: 'Aya Koné', profile_photo_url: null },
  message_type: 'location',
  text: '',
  image_url: '',
  latitude: 5,
  longitude: -4.024429,
  is_read: false,
  read_at: null,
  created_at: '2025-01-15T14:30:00.000001Z',
  is_delivered: false,
  edited_at: '2025-01-15T14:31:00.000000Z',
  is_deleted: false,
  deleted_at: null,
  seq: 1,
  revision: 3,
} as RestMessage;

/** The Firebase form, without nulls. */
const live: FirebaseMessage = {
  id: 'id-1',
  seq: 1,
  sender_id: 'other',
  message_type: 'location',
  text: '',
  image_url: '',
  latitude: 5,
  longitude: -4.024429,
  timestamp: '2025-01-15T14:30:00.000001Z',
  is_read: false,
  edited_at: '2025-01-15T14:31:00.000000Z',
  is_deleted: false,
  revision: 3,
};

test('REST and Firebase produce the same message', () => {
  expect(fromFirebase(live)).toEqual(fromRest(rest));
});

test('a message of the platform has no sender in either form', () => {
  const { sender_id: _, ...fromNobody } = live;
  expect(fromFirebase(fromNobody).senderId).toBeNull();
  expect(fromRest({ ...rest, sender: null } as unknown as RestMessage).senderId).toBeNull();
});
