import type { Message as RestMessage, MessageType } from '../../generated/typescript';

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
  /** Null for a message of the platform, which both participants receive. */
  senderId: string | null;
  /** RFC 3339 with microseconds. */
  createdAt: string;
  /** When the recipient read it, or null. */
  readAt: string | null;
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

export function fromRest(message: RestMessage): Message {
  return {
    id: message.id,
    seq: message.seq,
    senderId: message.sender?.id ?? null,
    type: message.message_type,
    text: message.text,
    imageUrl: message.image_url,
    latitude: message.latitude,
    longitude: message.longitude,
    createdAt: message.created_at,
    readAt: message.read_at,
  };
}

/** A child of `/chats/{room}/messages`. Firebase stores no nulls: an absent field is null. */
export interface LiveMessage {
  id: string;
  seq: number;
  sender_id?: string;
  message_type: MessageType;
  text?: string;
  image_url?: string;
  latitude?: number;
  longitude?: number;
  timestamp: string;
  is_read?: boolean;
  read_at?: string;
}

export function fromFirebase(message: LiveMessage): Message {
  return {
    id: message.id,
    seq: message.seq,
    senderId: message.sender_id ?? null,
    type: message.message_type,
    text: message.text ?? '',
    imageUrl: message.image_url ?? '',
    latitude: message.latitude ?? null,
    longitude: message.longitude ?? null,
    createdAt: message.timestamp,
    readAt: message.read_at ?? null,
  };
}
