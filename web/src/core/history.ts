import type { Message } from './message';
import type { Receipts } from './receipts';
import type { Timeline } from './timeline';

/** Messages of one moment. */
export interface MessagePage {
  messages: Message[];
  /** The room's revision at that moment. */
  revision: number;
}

/** What has changed in a room. */
export interface Changes extends MessagePage {
  /** The watermarks of both participants. */
  receipts: Record<string, Receipts>;
}

interface Options {
  timeline: Timeline;
  newest(limit: number): Promise<MessagePage>;
  after(seq: number, limit: number): Promise<MessagePage>;
  changes(since: number): Promise<Changes>;
  /** Merges messages into the timeline. */
  merge(messages: Message[]): void;
  receipts(receipts: Record<string, Receipts>): void;
}

/**
 * Reads a room by REST.
 *
 * The timeline has all changes up to `revision`, of the messages that it has. Therefore a page of an earlier moment, whose
 * response was slow, is read again.
 */
export class History {
  /** 0 before the first page. */
  revision = 0;

  constructor(private readonly options: Options) {}

  /** Loads the newest messages. Older ones that only Firebase has sent are dropped: they may be outdated. */
  async newest(limit: number): Promise<void> {
    const { timeline, newest, merge } = this.options;
    const { messages, revision } = await newest(limit);
    if (revision < this.revision) return;
    const oldest = messages.at(-1);
    if (oldest) timeline.dropBefore(oldest.seq);
    merge(messages);
    this.revision = revision;
  }

  /** Loads messages after `seq`, and returns them, oldest first. */
  async after(seq: number, limit: number): Promise<Message[]> {
    const { after, merge } = this.options;
    let page;
    do page = await after(seq, limit);
    while (page.revision < this.revision);
    merge(page.messages);
    return page.messages;
  }

  /** Loads all that has changed: new messages, edits, deletions and receipts. */
  async changes(): Promise<void> {
    const { timeline, changes, merge, receipts } = this.options;
    const page = await changes(this.revision);
    // Older messages are loaded when the viewer scrolls back.
    merge(page.messages.filter(({ seq }) => seq >= timeline.oldest));
    this.revision = Math.max(this.revision, page.revision);
    receipts(page.receipts);
  }
}
