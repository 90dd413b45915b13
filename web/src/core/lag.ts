import type { Entry } from './journal';

/** The way of one message; each time in milliseconds after it was written, null where that is not known (yet). */
export interface Lag {
  messageId: string;
  text: string;
  /** The API has answered. */
  stored: number | null;
  /** Firebase told the one who wrote it. */
  echoed: number | null;
  /** Firebase told the other one: it is on their screen. */
  seen: number | null;
  /** The writer knows that it was read. */
  read: number | null;
}

/** Follows messages over the journals of both phones, newest first. */
export function lags(entries: readonly Entry[]): Lag[] {
  const written = new Map<string, Entry & { kind: 'message' }>();
  const found = new Map<string, Lag & { at: number; who: string }>();
  const later: (Entry & { kind: 'message' })[] = [];
  for (const entry of entries) {
    if (entry.kind !== 'message') continue;
    if (entry.step === 'written') written.set(entry.clientMessageId!, entry);
    else if (entry.step !== 'stored') later.push(entry);
    else {
      const start = written.get(entry.clientMessageId!);
      if (!start) continue;
      const { at, who, text = '' } = start;
      const messageId = entry.messageId!;
      const unknown = { echoed: null, seen: null, read: null };
      found.set(messageId, { messageId, text, at, who, stored: entry.at - at, ...unknown });
    }
  }
  // Firebase can be faster than the answer that tells the id: so these are joined last.
  for (const { messageId, who, step, at } of later) {
    const lag = found.get(messageId!);
    if (!lag) continue;
    if (step === 'read' && who !== lag.who) continue;
    const field = step === 'read' ? 'read' : who === lag.who ? 'echoed' : 'seen';
    lag[field] ??= at - lag.at;
  }
  return [...found.values()].reverse();
}
