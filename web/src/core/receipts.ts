import type { ReceiptState as Receipts } from '../../generated/typescript';
import type { Message } from './message';

/** How far a participant has received and read a room: a child of `/chats/{room}/receipts`, and in REST. */
export type { Receipts };

export const noReceipts: Receipts = { delivered_seq: 0, read_seq: 0 };

/** Watermarks only grow, so the order of their copies does not matter. */
export const latestOf = (a: Receipts, b: Receipts): Receipts => ({
  delivered_seq: Math.max(a.delivered_seq, b.delivered_seq),
  read_seq: Math.max(a.read_seq, b.read_seq),
});

export type Tick = 'sent' | 'delivered' | 'read';

/** Returns how far a message of the viewer has come, from the other participant's receipts. */
export function tickOf({ seq, readAt, isDelivered }: Message, { delivered_seq, read_seq }: Receipts): Tick {
  if (readAt !== null || seq <= read_seq) return 'read';
  return isDelivered || seq <= delivered_seq ? 'delivered' : 'sent';
}
