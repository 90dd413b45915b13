/** The events between the phone and the servers, for display. Times are milliseconds since 1970. */
export type Entry = { at: number; who: string } & (HttpCall | FirebaseEvent | MessageStep);

export interface HttpCall {
  kind: 'http';
  method: string;
  path: string;
  /** Null without a response. */
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

/** The progress of a message. Until `stored` brings its id, it is known by its client id. */
export interface MessageStep {
  kind: 'message';
  step: 'written' | 'stored' | 'received' | 'read';
  clientMessageId?: string;
  messageId?: string;
  text?: string;
}

export class Journal {
  #listeners = new Set<(entry: Entry) => void>();

  /** `who`: the owner of the phone. */
  constructor(private readonly who: string) {}

  add(entry: HttpCall | FirebaseEvent | MessageStep, at = preciseNow()): void {
    for (const listener of this.#listeners) listener({ ...entry, at, who: this.who });
  }

  follow(listener: (entry: Entry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** A time that can be compared between the pages of one machine, and is finer than Date.now(). */
export const preciseNow = (): number => performance.timeOrigin + performance.now();
