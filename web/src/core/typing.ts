import type { Clock } from './clock';

/** An entry that is older means nothing: a phone that was killed never takes its own away. */
export const TYPING_LASTS_MS = 10_000;
/** The security rules also reject a timestamp that is further ahead. */
const LARGEST_SKEW_MS = 60_000;
/** So that an entry is renewed well before it is too old. */
const REPEAT_MS = 5_000;
/** Without a key for so long, nobody is typing. */
const SILENCE_MS = 4_000;

/** Tells the server that the viewer is typing: at the first key, again while it goes on, and when it ends. */
export class TypingSender {
  #toldAt: number | null = null;
  #cancel: (() => void) | null = null;

  constructor(
    private readonly tell: (isTyping: boolean) => void,
    private readonly clock: Clock,
  ) {}

  /** The draft has changed. */
  typed(draft: string): void {
    if (draft.trim() === '') return this.stop();
    const now = this.clock.now();
    if (this.#toldAt === null || now - this.#toldAt >= REPEAT_MS) {
      this.#toldAt = now;
      this.tell(true);
    }
    this.#cancel?.();
    this.#cancel = this.clock.after(SILENCE_MS, () => this.stop());
  }

  /** Sent, deleted, silent, or left. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#toldAt === null) return;
    this.#toldAt = null;
    this.tell(false);
  }
}

/** Whether the other one is typing, by what Firebase has of it. */
export class TypingWatch {
  isTyping = false;
  #cancel: (() => void) | null = null;

  constructor(
    private readonly changed: () => void,
    private readonly clock: Clock,
    /** The server's clock has set the timestamp, and this device's may be wrong. */
    private readonly clockOffset: () => number,
  ) {}

  heard(timestamp: string | null): void {
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
