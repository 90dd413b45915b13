import { text, type Message } from '../message';
import type { Outgoing } from '../outbox';

export const ME = 'me';
export const OTHER = 'other';

export const aMessage = (seq: number, changes: Partial<Message> = {}): Message => ({
  ...text(`message ${seq}`),
  id: `id-${seq}`,
  seq,
  revision: seq,
  senderId: OTHER,
  createdAt: `2025-01-15T14:30:00.${String(seq).padStart(6, '0')}Z`,
  readAt: null,
  isDelivered: false,
  editedAt: null,
  isDeleted: false,
  ...changes,
});

/** Messages from `first` to `last`, inclusive. */
export const messagesOf = (first: number, last: number, changes: Partial<Message> = {}): Message[] =>
  Array.from({ length: last - first + 1 }, (_, index) => aMessage(first + index, changes));

export const anOutgoing = (changes: Partial<Outgoing> = {}): Outgoing => ({
  ...text('Bonjour'),
  clientMessageId: 'c-1',
  roomId: 'room',
  writtenAt: 1,
  attempts: 1,
  afterSeq: 0,
  rejection: null,
  ...changes,
});

export const seqs = (messages: readonly Message[]): number[] => messages.map(({ seq }) => seq);
