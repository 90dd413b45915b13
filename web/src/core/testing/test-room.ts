import type { RoomDetail } from '../../../generated/typescript';
import type { ConversationApi } from '../conversation';
import { CallError } from '../errors';
import type { Message } from '../message';
import { ME, OTHER } from './messages';

const person = (id: string, user_type: 'driver' | 'client') => {
  return { id, full_name: id, phone_number: '+2250701020304', user_type, profile_photo_url: null };
};

export const aRoom = (changes: Partial<RoomDetail> = {}): RoomDetail => ({
  id: 'room',
  room_type: 'delivery',
  driver: person(ME, 'driver'),
  other_participant: person(OTHER, 'client'),
  delivery_info: null,
  last_message_text: '',
  last_message_at: null,
  unread_count: 0,
  is_active: true,
  closes_at: null,
  unreachable_until: null,
  is_archived: false,
  is_muted: false,
  created_at: '2025-01-15T10:00:00.000000Z',
  firebase_path: '/chats/room',
  ...changes,
});

/** The server's side of one room. */
export class TestRoom implements ConversationApi {
  messages: Message[] = [];
  unread = 0;
  isDown = false;
  calls: string[] = [];

  room = () => this.#respond('room', () => aRoom({ unread_count: this.unread }));

  newestMessages = (_: string, limit: number) =>
    this.#respond(`newest ${limit}`, () => this.messages.toReversed().slice(0, limit));

  messagesAfter = (_: string, seq: number, limit: number) =>
    this.#respond(`after ${seq} limit ${limit}`, () => this.messages.filter((m) => m.seq > seq).slice(0, limit));

  markMessagesRead = (ids: string[]) =>
    this.#respond(`read ${ids.join()}`, () => this.#read((message) => ids.includes(message.id)));

  archive = (_: string, archive: boolean) => this.#respond(`archive ${archive}`, () => {});

  setTyping = (_: string, isTyping: boolean) => this.#respond(`typing ${isTyping}`, () => {});

  #read(isMeant: (message: Message) => boolean): void {
    this.messages = this.messages.map((message) => (isMeant(message) ? { ...message, readAt: 'now' } : message));
  }

  async #respond<T>(call: string, result: () => T): Promise<T> {
    this.calls.push(call);
    if (this.isDown) throw new CallError(null, 'Pas de réponse du serveur.');
    return result();
  }
}
