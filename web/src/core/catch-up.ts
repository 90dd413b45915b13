import type { Clock } from './clock';
import type { Message } from './message';
import { Retrying } from './retrying';
import type { Timeline } from './timeline';

const LARGEST_PAGE = 100;
/** The number of a room's messages that Firebase keeps. */
const LIVE_MESSAGES = 50;

/** The messages to fetch, in addition to holes. */
interface Due {
  /** Messages after the newest known one. */
  newer: boolean;
  /** Receipts of messages that Firebase no longer has. */
  receipts: boolean;
}

interface Options {
  timeline: Timeline;
  viewerId: string;
  /** Merges the messages after `seq` into the timeline and returns them, oldest first. */
  fetchAfter(seq: number, limit: number): Promise<Message[]>;
  rejected(error: unknown): void;
  clock: Clock;
}

/** Fetches what this phone missed: after the newest message, in holes, and receipts. */
export class CatchUp {
  #due: Due = { newer: false, receipts: false };
  #calls: Retrying;

  constructor(private readonly options: Options) {
    this.#calls = new Retrying(() => this.#fetchAll(), options.clock, options.rejected);
  }

  /** Makes no call unless something is due or there is a hole. */
  request(due: Partial<Due> = {}): void {
    Object.assign(this.#due, due);
    if (this.#due.newer || this.#due.receipts || this.options.timeline.hole) this.#calls.request();
  }

  wake(): void {
    this.#calls.wake();
  }

  stop(): void {
    this.#calls.stop();
  }

  async #fetchAll(): Promise<void> {
    const { newer, receipts } = this.#due;
    this.#due = { newer: false, receipts: false };
    try {
      if (newer) await this.#fetchNewer();
      await this.#fetchHoles();
      if (receipts) await this.#fetchOldReceipts();
    } catch (error) {
      this.#due = { newer: newer || this.#due.newer, receipts: receipts || this.#due.receipts };
      throw error;
    }
  }

  async #fetchNewer(): Promise<void> {
    const { timeline, fetchAfter } = this.options;
    let page;
    do page = await fetchAfter(timeline.newest, LARGEST_PAGE);
    while (page.length === LARGEST_PAGE);
  }

  async #fetchHoles(): Promise<void> {
    const { timeline, fetchAfter } = this.options;
    let hole;
    while ((hole = timeline.hole)) {
      const page = await fetchAfter(hole.after, Math.min(LARGEST_PAGE, hole.last - hole.after));
      if (page.length === 0) break;
    }
  }

  /** Firebase has receipts of the newest messages only: if those were read, older ones may have been too. */
  async #fetchOldReceipts(): Promise<void> {
    const { timeline, viewerId, fetchAfter } = this.options;
    const firstLive = timeline.newest - LIVE_MESSAGES + 1;
    const isStale = ({ senderId, readAt, seq }: Message) => senderId === viewerId && readAt === null && seq < firstLive;
    const oldest = timeline.messages.find(isStale);
    for (let after = (oldest?.seq ?? firstLive) - 1; after < firstLive - 1; after += LARGEST_PAGE) {
      await fetchAfter(after, Math.min(LARGEST_PAGE, firstLive - 1 - after));
    }
  }
}
