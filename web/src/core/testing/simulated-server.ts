import type { ConversationApi } from '../conversation';
import { CallError } from '../errors';
import type { MessagePage } from '../history';
import type { Message } from '../message';
import { latestOf, noReceipts, type Receipts } from '../receipts';
import { aMessage, ME, OTHER } from './messages';
import type { TestLive } from './test-live';
import { aRoom } from './test-room';

/** The number of a room's messages that Firebase keeps. */
const LIVE_MESSAGES = 50;
/** The number of newest messages of which `changed_since` returns the changes. */
const CHANGES_WINDOW = 500;

interface Mirrored {
  messages: Message[];
  receipts: Receipts;
}

interface Response {
  deliver(): void;
  lose(): void;
}

/**
 * PostgreSQL, the API and Firebase for one room, where a test decides what happens when: a REST response has the state at
 * the time of the request and arrives at any later time; Firebase is as far behind as the test wants.
 */
export class SimulatedServer implements ConversationApi {
  messages: Message[] = [];
  /** The other participant's watermarks. */
  receipts = noReceipts;
  revision = 1;
  responses: Response[] = [];
  #mirrored: Mirrored = { messages: [], receipts: noReceipts };
  /** The revisions that the client's SDK has. */
  #sdk = new Map<number, number>();
  #isConnected = true;

  constructor(private readonly live: TestLive) {}

  say(senderId: string, count: number): void {
    for (let n = 0; n < count; n += 1) {
      this.revision += 1;
      this.messages.push(aMessage(this.messages.length + 1, { senderId, revision: this.revision }));
    }
    this.#readUpTo();
  }

  change(seqs: number[], changes: (message: Message) => Partial<Message>): void {
    this.revision += 1;
    const { revision } = this;
    this.messages = this.messages.map((message) =>
      seqs.includes(message.seq) && !message.isDeleted ? { ...message, ...changes(message), revision } : message,
    );
    this.#readUpTo();
  }

  readByOther(seqs: number[]): void {
    const unread = this.messages.filter(({ senderId, readAt }) => senderId === ME && readAt === null);
    this.change(
      unread.map(({ seq }) => seq).filter((seq) => seqs.includes(seq)),
      () => ({ readAt: `read at ${this.revision}` }),
    );
  }

  delivered(seq: number): void {
    this.revision += 1;
    this.receipts = latestOf(this.receipts, { delivered_seq: seq, read_seq: 0 });
  }

  mirror(): void {
    this.#mirrored = { messages: this.messages.slice(-LIVE_MESSAGES), receipts: this.receipts };
    this.#sync();
  }

  connect(isConnected: boolean): void {
    this.#isConnected = isConnected;
    this.live.connect(isConnected);
    this.#sync();
  }

  room = () => this.#respond(() => aRoom());

  newestMessages = (_: string, limit: number) =>
    this.#respond(() => this.#page(this.messages.toReversed().slice(0, limit)));

  messagesAfter = (_: string, after: number, limit: number) =>
    this.#respond(() => this.#page(this.messages.slice(after, after + limit)));

  changes = (_: string, since: number) =>
    this.#respond(() => {
      const changed = this.messages.slice(-CHANGES_WINDOW).filter(({ revision }) => revision > since);
      const messages = changed.sort((a, b) => a.revision - b.revision || a.seq - b.seq);
      return { ...this.#page(messages), receipts: { [OTHER]: this.receipts } };
    });

  edit = (id: string, text: string) =>
    this.#respond(() => {
      const { seq } = this.messages.find((message) => message.id === id)!;
      this.change([seq], () => ({ text, editedAt: 'now' }));
      return this.messages[seq - 1]!;
    });

  delete = (id: string) =>
    this.#respond(() => {
      const { seq } = this.messages.find((message) => message.id === id)!;
      this.change([seq], () => ({ text: '', isDeleted: true }));
      return this.messages[seq - 1]!;
    });

  markMessagesRead = (ids: string[]) =>
    this.#respond(() => {
      const unread = this.messages.filter(({ id, readAt }) => ids.includes(id) && readAt === null);
      this.change(
        unread.map(({ seq }) => seq),
        () => ({ readAt: `read at ${this.revision}` }),
      );
    });

  archive = () => this.#respond(() => {});

  report = () => this.#respond(() => {});

  block = () => this.#respond(() => {});

  quickReplies = async () => ({ language: 'fr' as const, event: null, results: [] });

  callCustomer = () => this.#respond(() => 'later');

  setTyping = () => this.#respond(() => {});

  #page(messages: Message[]): MessagePage {
    const { delivered_seq } = this.receipts;
    const withDelivery = messages.map((message) => {
      return { ...message, isDelivered: message.readAt !== null || message.seq <= delivered_seq };
    });
    return { messages: withDelivery, revision: this.revision };
  }

  #respond<T>(result: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const state = result();
      this.responses.push({
        deliver: () => resolve(state),
        lose: () => reject(new CallError(null, 'Pas de réponse du serveur.')),
      });
    });
  }

  #readUpTo(): void {
    const unread = this.messages.find((it) => it.senderId === ME && it.readAt === null && !it.isDeleted);
    const read_seq = unread ? unread.seq - 1 : this.messages.length;
    this.receipts = latestOf(this.receipts, { delivered_seq: 0, read_seq });
  }

  #sync(): void {
    if (!this.#isConnected) return;
    const { messages, receipts } = this.#mirrored;
    for (const message of messages) {
      if (this.#sdk.get(message.seq) !== message.revision) this.live.emit(message);
    }
    this.#sdk = new Map(messages.map(({ seq, revision }) => [seq, revision]));
    for (const { received } of this.live.listeners.receipts) received(receipts);
  }
}
