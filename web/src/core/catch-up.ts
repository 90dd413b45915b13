import type { Clock } from './clock';
import type { Message } from './message';
import { Retrying } from './retrying';
import type { Timeline } from './timeline';

const LARGEST_PAGE = 100;
/** How many messages of a room Firebase keeps. */
const LIVE_MESSAGES = 50;

/** What is to be looked for, besides holes. */
interface Due {
  /** Messages after the newest known one. */
  newer: boolean;
  /** What was read of the messages that Firebase no longer has. */
  receipts: boolean;
}

interface Options {
  timeline: Timeline;
  viewerId: string;
  /** Merges the messages after that one into the timeline, oldest first, and answers them. */
  fetchAfter(seq: number, limit: number): Promise<Message[]>;
  refused(error: unknown): void;
  clock: Clock;
}

/** Fetches what came while this phone did not hear: behind the newest, in between, and what was read meanwhile. */
export class CatchUp {
  #due: Due = { newer: false, receipts: false };
  #calls: Retrying;

  constructor(private readonly options: Options) {
    this.#calls = new Retrying(() => this.#fetchAll(), options.clock, options.refused);
  }

  /** Calls nobody unless something is due, or there is a hole. */
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

  /** Firebase tells what became of the newest messages only: when those are read, older ones may be, too. */
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
