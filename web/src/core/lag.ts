import type { Entry } from './journal';

/** The timing of a message; each time in milliseconds after writing, null if not known yet. */
export interface Lag {
  messageId: string;
  text: string;
  /** The API has responded. */
  stored: number | null;
  /** The writer has received the Firebase event. */
  echoed: number | null;
  /** The other participant has received the Firebase event. */
  seen: number | null;
  /** The writer has received the receipt. */
  read: number | null;
}

/** Follows messages through the journals of both phones, newest first. */
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
  // A Firebase event can arrive before the response that brings the id, so these are joined last.
  for (const { messageId, who, step, at } of later) {
    const lag = found.get(messageId!);
    if (!lag) continue;
    if (step === 'read' && who !== lag.who) continue;
    const field = step === 'read' ? 'read' : who === lag.who ? 'echoed' : 'seen';
    lag[field] ??= at - lag.at;
  }
  return [...found.values()].reverse();
}
