import type { RoomDetail } from '../../../generated/typescript';
import type { ConversationApi } from '../conversation';
import { CallError } from '../errors';
import type { Changes, MessagePage } from '../history';
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
  is_blocked: false,
  created_at: '2025-01-15T10:00:00.000000Z',
  firebase_path: '/chats/room',
  edit_window_seconds: 900,
  firebase_database_url: 'https://relais-test.firebaseio.com',
  ...changes,
});

/** The server's side of one room. */
export class TestRoom implements ConversationApi {
  messages: Message[] = [];
  receipts: Changes['receipts'] = {};
  unread = 0;
  isDown = false;
  calls: string[] = [];

  get revision(): number {
    return Math.max(0, ...this.messages.map(({ revision }) => revision));
  }

  room = () => this.#respond('room', () => aRoom({ unread_count: this.unread }));

  newestMessages = (_: string, limit: number) =>
    this.#respond(`newest ${limit}`, () => this.#page(this.messages.toReversed().slice(0, limit)));

  messagesAfter = (_: string, seq: number, limit: number) =>
    this.#respond(`after ${seq} limit ${limit}`, () =>
      this.#page(this.messages.filter((m) => m.seq > seq).slice(0, limit)),
    );

  changes = (_: string, since: number) =>
    this.#respond(`changes since ${since}`, () => {
      const changed = this.messages.slice(-500).filter(({ revision }) => revision > since);
      return { ...this.#page(changed.sort((a, b) => a.revision - b.revision)), receipts: this.receipts };
    });

  edit = (id: string, text: string) =>
    this.#respond(`edit ${id} ${text}`, () => this.change(id, { text, editedAt: 'now' }));

  delete = (id: string) => this.#respond(`delete ${id}`, () => this.change(id, { text: '', isDeleted: true }));

  markMessagesRead = (ids: string[]) =>
    this.#respond(`read ${ids.join()}`, () => {
      for (const { id, readAt } of this.messages) if (ids.includes(id) && !readAt) this.change(id, { readAt: 'now' });
    });

  archive = (_: string, archive: boolean) => this.#respond(`archive ${archive}`, () => {});

  report = (id: string, reason: string, comment: string) =>
    this.#respond(`report ${id} ${reason} ${comment}`, () => {});

  block = (id: string, block: boolean) => this.#respond(`block ${id} ${block}`, () => {});

  quickReplies = async () => ({ language: 'fr' as const, event: null, results: [] });

  callCustomer = (_: string) => this.#respond('call', () => 'later');

  setTyping = (_: string, isTyping: boolean) => this.#respond(`typing ${isTyping}`, () => {});

  /** Changes a message, at the next revision of the room. */
  change(id: string, changes: Partial<Message>): Message {
    const at = this.messages.findIndex((message) => message.id === id);
    const changed = { ...this.messages[at]!, ...changes, revision: this.revision + 1 };
    this.messages = this.messages.with(at, changed);
    return changed;
  }

  #page(messages: Message[]): MessagePage {
    return { messages, revision: this.revision };
  }

  async #respond<T>(call: string, result: () => T): Promise<T> {
    this.calls.push(call);
    if (this.isDown) throw new CallError(null, 'Pas de réponse du serveur.');
    return result();
  }
}
