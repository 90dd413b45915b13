import type { RoomDetail } from '../../generated/typescript';
import type { Message } from './message';

/** How long a message of the driver must have been unanswered. */
const UNANSWERED_MS = 2 * 60_000;

/**
 * Whether the driver may call the customer: after arriving, with a message that has been unanswered for two minutes. The
 * server decides; this is for the button.
 */
export function canCall(
  room: RoomDetail,
  event: string | null,
  messages: readonly Message[],
  viewerId: string,
  now: number,
): boolean {
  const isArrived = room.is_active && room.driver?.id === viewerId && event === 'arriving';
  if (!isArrived || room.unreachable_until !== null) return false;
  const answered = messages.findLastIndex(({ senderId }) => senderId !== null && senderId !== viewerId);
  const unanswered = messages.slice(answered + 1).find(({ senderId }) => senderId === viewerId);
  return unanswered !== undefined && now - Date.parse(unanswered.createdAt) >= UNANSWERED_MS;
}
