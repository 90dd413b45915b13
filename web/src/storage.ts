import type { Outgoing, OutboxStore } from './core/outbox';

/** The outbox of one person in localStorage. Where the browser gives none, it lasts as long as the page. */
export class LocalOutbox implements OutboxStore {
  #prefix: string;

  constructor(viewerId: string) {
    this.#prefix = `relais:outbox:${viewerId}:`;
  }

  load(): Outgoing[] {
    return this.#try([], () =>
      Object.keys(localStorage)
        .filter((key) => key.startsWith(this.#prefix))
        .map((key) => JSON.parse(localStorage.getItem(key)!) as Outgoing),
    );
  }

  put(item: Outgoing): void {
    this.#try(undefined, () => localStorage.setItem(this.#prefix + item.clientMessageId, JSON.stringify(item)));
  }

  remove(clientMessageId: string): void {
    this.#try(undefined, () => localStorage.removeItem(this.#prefix + clientMessageId));
  }

  #try<T>(otherwise: T, use: () => T): T {
    try {
      return use();
    } catch (error) {
      console.warn(error);
      return otherwise;
    }
  }
}

/** The token of somebody who is not among the demo people: known to this tab, for as long as it is open. */
export const tokenStore = {
  get: (personId: string): string | null => sessionStorage.getItem(`relais:token:${personId}`),
  set: (personId: string, token: string): void => sessionStorage.setItem(`relais:token:${personId}`, token),
};
