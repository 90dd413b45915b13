import type { Config, Person } from './config';
import { Api } from './core/api';
import { systemClock } from './core/clock';
import { Conversation } from './core/conversation';
import { Journal } from './core/journal';
import { journaledFetch } from './core/journaled-fetch';
import { Observable } from './core/observable';
import { Outbox } from './core/outbox';
import { Retrying } from './core/retrying';
import { RoomList } from './core/rooms';
import { FirebaseLive } from './firebase';
import { LocalOutbox } from './storage';

/** One person who is signed in, and all that runs for them. */
export class Session extends Observable {
  readonly journal: Journal;
  readonly api: Api;
  readonly outbox: Outbox;
  readonly rooms: RoomList;
  /** What is written and not sent, by room: it survives a look into another one. */
  readonly drafts = new Map<string, string>();
  /** Whether the last call was answered. */
  isReachable = true;
  isLive = false;
  /** The API no longer takes the token. */
  isExpired = false;

  #live: FirebaseLive;
  #signIn: Retrying;
  #open = new Set<Conversation>();
  #isVisible = true;
  #wasLive = false;

  constructor(
    readonly viewer: Person & { token: string },
    config: Config,
  ) {
    super();
    this.journal = new Journal(viewer.id);
    const fetch = journaledFetch(this.journal, (status) => this.#answered(status));
    const baseUrl = config.api_url.replace(/\/$/, '');
    this.api = new Api({ baseUrl, token: viewer.token, fetch });
    this.#live = new FirebaseLive(config.firebase, this.journal);
    // A project without a mirror answers 503: the conversations are read by REST alone, until there is one.
    this.#signIn = new Retrying(
      async () => this.#live.connect(await this.api.firebaseToken()),
      systemClock,
      () => {},
    );
    this.rooms = new RoomList(this.api, this.#live);
    this.outbox = new Outbox({
      store: new LocalOutbox(viewer.id),
      newId: () => crypto.randomUUID(),
      send: async (item) => {
        const { clientMessageId, text, type } = item;
        if (item.attempts === 1) {
          this.journal.add({ kind: 'message', step: 'written', clientMessageId, text: text || type });
        }
        const message = await this.api.send(item);
        this.journal.add({ kind: 'message', step: 'stored', clientMessageId, messageId: message.id });
        return message;
      },
    });
  }

  start(): void {
    this.#signIn.request();
    this.outbox.start();
    this.rooms.open();
    this.#live.connection((isLive) => {
      this.isLive = isLive;
      this.changed();
      if (isLive && this.#wasLive) this.wake();
      this.#wasLive ||= isLive;
    });
  }

  end(): void {
    this.#signIn.stop();
    this.outbox.stop();
    this.rooms.close();
    void this.#live.close();
  }

  open(roomId: string): Conversation {
    const { api, outbox, viewer } = this;
    const conversation = new Conversation({ roomId, viewerId: viewer.id, api, live: this.#live, outbox });
    this.#open.add(conversation);
    conversation.setVisible(this.#isVisible);
    conversation.open();
    return conversation;
  }

  close(conversation: Conversation): void {
    this.#open.delete(conversation);
    conversation.close();
  }

  setVisible(isVisible: boolean): void {
    this.#isVisible = isVisible;
    for (const part of [this.rooms, ...this.#open]) part.setVisible(isVisible);
  }

  /** The connection may be back: whatever waits is tried now. */
  wake(): void {
    for (const part of [this.#signIn, this.outbox, this.rooms, ...this.#open]) part.wake();
  }

  #answered(status: number | null): void {
    const isReachable = status !== null;
    const isBack = isReachable && !this.isReachable;
    const isExpired = status === 401 || (this.isExpired && !isReachable);
    if (isReachable === this.isReachable && isExpired === this.isExpired) return;
    this.isReachable = isReachable;
    this.isExpired = isExpired;
    this.changed();
    if (isBack) this.wake();
  }
}
