import type { Clock } from './clock';

/** An older entry means nothing: a killed app never removes its own. */
export const TYPING_LASTS_MS = 10_000;
/** Clocks differ by less. A timestamp that is further ahead is invalid. */
const LARGEST_SKEW_MS = 60_000;
/** An entry is renewed well before it expires. */
const REPEAT_MS = 5_000;
/** The server writes one report a second of a user and room; the rest allows for the network. */
const SHORTEST_INTERVAL_MS = 1_200;
/** After this time without a key, the user is not typing. */
const SILENCE_MS = 4_000;

/** Reports that the viewer types: at the first key, again while it continues, and at the end. */
export class TypingSender {
  /** When the current typing was last reported; null while the user does not type. */
  #reportedAt: number | null = null;
  /** When the server last received a report, also of typing that has ended. */
  #lastAt = -Infinity;
  #cancelEnd: (() => void) | null = null;
  #cancelReport: (() => void) | null = null;

  constructor(
    private readonly report: (isTyping: boolean) => void,
    private readonly clock: Clock,
  ) {}

  /** The draft has changed. */
  typed(draft: string): void {
    if (draft.trim() === '') return this.stop();
    this.#report();
    this.#cancelEnd?.();
    this.#cancelEnd = this.clock.after(SILENCE_MS, () => this.stop());
  }

  /** The message was sent or deleted, the room was left, or no key was pressed for a while. */
  stop(): void {
    this.#cancelEnd?.();
    this.#cancelReport?.();
    this.#cancelEnd = this.#cancelReport = null;
    if (this.#reportedAt === null) return;
    this.#reportedAt = null;
    this.report(false);
  }

  #report(): void {
    const now = this.clock.now();
    if (this.#reportedAt !== null && now - this.#reportedAt < REPEAT_MS) return;
    const wait = this.#lastAt + SHORTEST_INTERVAL_MS - now;
    if (wait > 0) {
      this.#cancelReport ??= this.clock.after(wait, () => {
        this.#cancelReport = null;
        this.#report();
      });
      return;
    }
    this.#reportedAt = this.#lastAt = now;
    this.report(true);
  }
}

/** Whether the other participant types, according to Firebase. */
export class TypingWatch {
  isTyping = false;
  #cancel: (() => void) | null = null;

  constructor(
    private readonly changed: () => void,
    private readonly clock: Clock,
    /** The server sets the timestamp, and this device's clock may be wrong. */
    private readonly clockOffset: () => number,
  ) {}

  received(timestamp: string | null): void {
    this.#cancel?.();
    const age = timestamp === null ? Infinity : this.clock.now() + this.clockOffset() - Date.parse(timestamp);
    // Clocks differ a little; a timestamp far in the future is invalid.
    const isValid = age < TYPING_LASTS_MS && age >= -LARGEST_SKEW_MS;
    const left = Math.min(TYPING_LASTS_MS, TYPING_LASTS_MS - age);
    this.#set(isValid);
    this.#cancel = isValid ? this.clock.after(left, () => this.#set(false)) : null;
  }

  stop(): void {
    this.#cancel?.();
  }

  #set(isTyping: boolean): void {
    if (this.isTyping === isTyping) return;
    this.isTyping = isTyping;
    this.changed();
  }
}
