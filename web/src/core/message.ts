import type { Message as RestMessage, MessageType } from '../../generated/typescript';

/** What a message says, without who and when. */
export interface Content {
  type: MessageType;
  text: string;
  imageUrl: string;
  latitude: number | null;
  longitude: number | null;
}

/** A message that the server has, as REST and Firebase both tell of it. */
export interface Message extends Content {
  id: string;
  /** Its number in the room, dense from 1: the order of the conversation. */
  seq: number;
  /** Null where the platform itself speaks: it is about the delivery, to both sides. */
  senderId: string | null;
  /** RFC 3339 with microseconds. */
  createdAt: string;
  /** When the one who received it has read it, or null. */
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

/** A child of `/chats/{room}/messages`. Firebase keeps no nulls: what is missing is null. */
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
