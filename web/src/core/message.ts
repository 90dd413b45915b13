import type { FirebaseMessage, Message as RestMessage, MessageType } from '../../generated/typescript';

/** The content of a message, without sender and time. */
export interface Content {
  type: MessageType;
  text: string;
  imageUrl: string;
  latitude: number | null;
  longitude: number | null;
}

/** A message that the server has, from REST or from Firebase. */
export interface Message extends Content {
  id: string;
  /** Dense per room, from 1: the order of the conversation. */
  seq: number;
  /** The room's revision that last changed the message: of two copies, the higher one is newer. */
  revision: number;
  /** Null for a message of the platform, which both participants receive. */
  senderId: string | null;
  /** RFC 3339 with microseconds. */
  createdAt: string;
  /** When the recipient read it, or null. */
  readAt: string | null;
  /** Whether REST has reported its delivery. Firebase has a watermark instead: `Receipts`. */
  isDelivered: boolean;
  editedAt: string | null;
  /** A deleted message has no content. */
  isDeleted: boolean;
}

const NOTHING: Content = { type: 'text', text: '', imageUrl: '', latitude: null, longitude: null };

export const text = (words: string): Content => ({ ...NOTHING, text: words.trim() });
export const image = (imageUrl: string, words = ''): Content => ({
  ...NOTHING,
  type: 'image',
  imageUrl: imageUrl.trim(),
  text: words.trim(),
});
export const location = (latitude: number, longitude: number, words = ''): Content => ({
  ...NOTHING,
  type: 'location',
  latitude,
  longitude,
  text: words.trim(),
});

export function sameContent(a: Content, b: Content): boolean {
  const fields = ['type', 'text', 'imageUrl', 'latitude', 'longitude'] as const;
  return fields.every((field) => a[field] === b[field]);
}

/** A copy of a message with a lower revision changes nothing, except that a message never becomes unread again. */
export function newerOf(known: Message, copy: Message): Message {
  const [newer, older] = copy.revision > known.revision ? [copy, known] : [known, copy];
  const readAt = newer.readAt ?? older.readAt;
  const isDelivered = newer.isDelivered || older.isDelivered;
  const isSame = readAt === newer.readAt && isDelivered === newer.isDelivered;
  return isSame ? newer : { ...newer, readAt, isDelivered };
}

export function fromRest(message: RestMessage): Message {
  return {
    id: message.id,
    seq: message.seq,
    revision: message.revision,
    senderId: message.sender?.id ?? null,
    type: message.message_type,
    text: message.text,
    imageUrl: message.image_url,
    latitude: message.latitude,
    longitude: message.longitude,
    createdAt: message.created_at,
    readAt: message.read_at,
    isDelivered: message.is_delivered,
    editedAt: message.edited_at,
    isDeleted: message.is_deleted,
  };
}

/** A child of `/chats/{room}/messages`. Firebase stores no nulls: an absent field is null. */
export function fromFirebase(message: FirebaseMessage): Message {
  return {
    id: message.id,
    seq: message.seq,
    // A release without revisions may have mirrored it.
    revision: message.revision ?? 0,
    senderId: message.sender_id ?? null,
    type: message.message_type,
    text: message.text,
    imageUrl: message.image_url,
    latitude: message.latitude ?? null,
    longitude: message.longitude ?? null,
    createdAt: message.timestamp,
    readAt: message.read_at ?? null,
    isDelivered: false,
    editedAt: message.edited_at ?? null,
    isDeleted: message.is_deleted ?? false,
  };
}
