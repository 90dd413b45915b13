import type { Clock } from './clock';
import { Retrying } from './retrying';

/** Messages that arrive within this time are one report. Most of them are read within it, and need none. */
const DELAY_MS = 1_000;
/** The most rooms that one call takes. */
const MOST_ROOMS = 100;

export interface DeliveryReceipt {
  chat_room_id: string;
  seq: number;
}

/** Reports which messages have arrived: one watermark per room, many rooms in one call, repeated until it succeeds. */
export class Delivery {
  /** The highest `seq` of each room that the server knows to have arrived. */
  #known = new Map<string, number>();
  #due = new Map<string, number>();
  #calls: Retrying;
  #cancel: (() => void) | null = null;

  constructor(
    private readonly report: (receipts: DeliveryReceipt[]) => Promise<void>,
    private readonly clock: Clock,
  ) {
    // A report that the server rejects is dropped: nothing depends on it.
    this.#calls = new Retrying(
      () => this.#sendAll(),
      clock,
      () => {},
    );
  }

  /** Messages up to `seq` have arrived. */
  arrived(roomId: string, seq: number): void {
    if (seq <= Math.max(this.#known.get(roomId) ?? 0, this.#due.get(roomId) ?? 0)) return;
    this.#due.set(roomId, seq);
    this.#cancel ??= this.clock.after(DELAY_MS, () => {
      this.#cancel = null;
      this.#calls.request();
    });
  }

  /** All messages up to `seq` are read, which includes their delivery. */
  read(roomId: string, seq: number): void {
    this.#known.set(roomId, Math.max(this.#known.get(roomId) ?? 0, seq));
    if ((this.#due.get(roomId) ?? 0) <= seq) this.#due.delete(roomId);
  }

  wake(): void {
    this.#calls.wake();
  }

  stop(): void {
    this.#cancel?.();
    this.#calls.stop();
  }

  async #sendAll(): Promise<void> {
    while (this.#due.size > 0) {
      const receipts = [...this.#due].slice(0, MOST_ROOMS).map(([chat_room_id, seq]) => ({ chat_room_id, seq }));
      await this.report(receipts);
      for (const { chat_room_id, seq } of receipts) this.read(chat_room_id, seq);
    }
  }
}
