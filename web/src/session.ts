import type { Config, Person } from './config';
import { Api } from './core/api';
import { systemClock } from './core/clock';
import { Conversation } from './core/conversation';
import { Delivery } from './core/delivery';
import { Journal } from './core/journal';
import { journaledFetch } from './core/journaled-fetch';
import { Observable } from './core/observable';
import { Outbox } from './core/outbox';
import { Retrying } from './core/retrying';
import { RoomList } from './core/rooms';
import { FirebaseLive } from './firebase';
import { LocalDrafts, LocalOutbox, LocalSnapshots } from './storage';

/** A signed-in user and everything that runs for them. */
export class Session extends Observable {
  readonly journal: Journal;
  readonly api: Api;
  readonly outbox: Outbox;
  readonly rooms: RoomList;
  readonly drafts: LocalDrafts;
  /** Whether the API responds: by the last call and by the browser's `online` and `offline` events. */
  isReachable = navigator.onLine;
  isLive = false;
  /** Whether the API rejected the token. */
  isExpired = false;

  #live: FirebaseLive;
  #signIn: Retrying;
  #open = new Set<Conversation>();
  #isVisible = true;
  #wasLive = false;
  #snapshots: LocalSnapshots;
  #delivery: Delivery;

  constructor(
    readonly viewer: Person & { token: string },
    config: Config,
  ) {
    super();
    this.journal = new Journal(viewer.id);
    this.drafts = new LocalDrafts(viewer.id);
    this.#snapshots = new LocalSnapshots(viewer.id);
    const fetch = journaledFetch(this.journal, (status) => this.#responded(status));
    const baseUrl = config.api_url.replace(/\/$/, '');
    this.api = new Api({ baseUrl, token: viewer.token, fetch });
    const locate = async (roomId: string) => (await this.api.room(roomId)).firebase_database_url;
    this.#live = new FirebaseLive(config.firebase, this.journal, locate);
    // Without a mirror the API responds 503: then the conversations are read by REST only.
    this.#signIn = new Retrying(
      async () => this.#live.connect(await this.api.firebaseToken()),
      systemClock,
      () => {},
    );
    const delivery = new Delivery((receipts) => this.api.markDelivered(receipts), systemClock);
    const arrived = (roomId: string, seq: number) => delivery.arrived(roomId, seq);
    this.rooms = new RoomList(this.api, this.#live, systemClock, this.#snapshots, arrived);
    this.#delivery = delivery;
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
    this.#delivery.stop();
    this.rooms.close();
    void this.#live.close();
  }

  open(roomId: string): Conversation {
    const { api, outbox, viewer } = this;
    const [live, delivery, snapshots] = [this.#live, this.#delivery, this.#snapshots];
    const conversation = new Conversation({ roomId, viewerId: viewer.id, api, live, outbox, delivery, snapshots });
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

  /** The browser has lost its network. */
  goOffline(): void {
    this.isReachable = false;
    this.changed();
  }

  /** The connection may be back: runs every waiting task now. */
  wake(): void {
    for (const part of [this.#signIn, this.outbox, this.#delivery, this.rooms, ...this.#open]) part.wake();
  }

  #responded(status: number | null): void {
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
