import type { FirebaseInboxEntry as InboxEntry, RoomSummary, UserType } from '../../generated/typescript';

/** A child of `/inboxes/{user}`. Firebase stores no nulls: an absent field is null. */
export type { InboxEntry };

/** The entries of an inbox by room. */
export type Inbox = ReadonlyMap<string, InboxEntry>;

/** The number of rooms that the client listens to. */
export const LIVE_ROOMS = 30;

/** Returns the entries of all shards. While a room moves, it may be on two: the higher revision is newer. */
export function merged(inboxes: readonly Inbox[]): Inbox {
  const entries = new Map<string, InboxEntry>();
  for (const [id, entry] of inboxes.flatMap((inbox) => [...inbox])) {
    const known = entries.get(id);
    if (!known || known.revision < entry.revision) entries.set(id, entry);
  }
  return entries;
}

/** Returns the newest entries, as many as the client listens to. */
export function newestOf(inbox: Inbox): Inbox {
  const oldestFirst = [...inbox].sort(([, a], [, b]) => (a.sort_at < b.sort_at ? -1 : a.sort_at > b.sort_at ? 1 : 0));
  return new Map(oldestFirst.slice(-LIVE_ROOMS));
}

/** A room in the list, from REST or from the inbox. */
export interface ListedRoom {
  id: string;
  other_participant: { full_name: string; user_type: UserType; profile_photo_url: string | null } | null;
  tracking_number: string | null;
  last_message_text: string;
  last_message_at: string | null;
  sort_at: string;
  unread_count: number;
  is_archived: boolean;
}

export const fromSummary = (room: RoomSummary): ListedRoom => ({
  id: room.id,
  other_participant: room.other_participant,
  tracking_number: room.delivery_info?.tracking_number ?? null,
  last_message_text: room.last_message_text,
  last_message_at: room.last_message_at,
  sort_at: room.last_message_at ?? room.created_at,
  unread_count: room.unread_count,
  is_archived: room.is_archived,
});

export const fromInbox = ([id, entry]: [string, InboxEntry]): ListedRoom => ({
  id,
  other_participant: entry.other_participant ? { profile_photo_url: null, ...entry.other_participant } : null,
  tracking_number: entry.tracking_number ?? null,
  last_message_text: entry.last_message_text,
  last_message_at: entry.last_message_at ?? null,
  sort_at: entry.sort_at,
  unread_count: entry.unread_count,
  is_archived: entry.is_archived,
});

export const newestFirst = (a: ListedRoom, b: ListedRoom): number =>
  a.sort_at < b.sort_at ? 1 : a.sort_at > b.sort_at ? -1 : 0;

/** The sum of the badges. */
export const unreadIn = (inbox: Inbox, isCounted: (entry: InboxEntry) => boolean = () => true): number =>
  [...inbox.values()].filter(isCounted).reduce((sum, { unread_count }) => sum + unread_count, 0);

/**
 * Returns the whole list from the newest entries and the rooms that are known otherwise. Among the newest, the inbox
 * decides which rooms exist: a known room that is newer than the oldest entry and not in the inbox was archived or closed.
 */
export function listOf(newest: Inbox, known: readonly ListedRoom[]): ListedRoom[] {
  const live = [...newest].map(fromInbox);
  const isComplete = live.length < LIVE_ROOMS;
  const oldest = live.reduce((least, { sort_at }) => (sort_at < least ? sort_at : least), '~');
  const older = isComplete ? [] : known.filter(({ id, sort_at }) => !newest.has(id) && sort_at <= oldest);
  return [...live, ...older].filter(({ is_archived }) => !is_archived).sort(newestFirst);
}
