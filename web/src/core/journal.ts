/** What happens between the phone and the servers, told to whoever wants to look. Times are milliseconds since 1970. */
export type Entry = { at: number; who: string } & (HttpCall | FirebaseEvent | MessageStep);

export interface HttpCall {
  kind: 'http';
  method: string;
  path: string;
  /** Null where no answer came. */
  status: number | null;
  milliseconds: number;
  request: unknown;
  response: unknown;
}

export interface FirebaseEvent {
  kind: 'firebase';
  event: string;
  path: string;
  value: unknown;
}

/** How far a message has come. Until `stored` tells its id, it is known by the id that its writer chose. */
export interface MessageStep {
  kind: 'message';
  step: 'written' | 'stored' | 'heard' | 'read';
  clientMessageId?: string;
  messageId?: string;
  text?: string;
}

export class Journal {
  #listeners = new Set<(entry: Entry) => void>();

  /** `who`: whose phone this is. */
  constructor(private readonly who: string) {}

  add(entry: HttpCall | FirebaseEvent | MessageStep, at = preciseNow()): void {
    for (const listener of this.#listeners) listener({ ...entry, at, who: this.who });
  }

  follow(listener: (entry: Entry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Comparable between the pages of one machine, and finer than Date.now(). */
export const preciseNow = (): number => performance.timeOrigin + performance.now();
