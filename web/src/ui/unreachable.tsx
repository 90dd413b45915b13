import { useEffect, useState } from 'preact/hooks';
import type { Conversation } from '../core/conversation';
import { Dialog } from './dialog';
import { timeOf } from './words';

const SECOND_MS = 1_000;

/** The call to a customer who does not respond: the driver's button, and for both the time that is left. */
export function Unreachable({ conversation, viewerId }: { conversation: Conversation; viewerId: string }) {
  const [isAsking, setAsking] = useState(false);
  useEverySecond();
  const { room } = conversation;
  if (!room) return null;
  if (room.unreachable_until) {
    const until = room.unreachable_until;
    return (
      <div class="call">
        <p role="alert">
          {room.driver?.id === viewerId
            ? `Le client a jusqu’à ${timeOf(until)} pour répondre.`
            : `Le livreur est arrivé et ne parvient pas à vous joindre. Répondez avant ${timeOf(until)}.`}
        </p>
        <span role="timer">{leftOf(Date.parse(until) - conversation.now())}</span>
      </div>
    );
  }
  if (!conversation.canCallCustomer) return null;
  return (
    <div class="call">
      <button onClick={() => setAsking(true)}>Le client ne répond pas</button>
      {isAsking && (
        <Dialog
          title="Le client ne répond pas ?"
          action="Prévenir le client"
          onSubmit={() => conversation.callCustomer()}
          onClose={() => setAsking(false)}
        >
          <p>Il reçoit une notification urgente et quelques minutes pour répondre. Ensuite, la plateforme décide.</p>
        </Dialog>
      )}
    </div>
  );
}

/** Returns minutes and seconds, for example "4:05". */
function leftOf(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / SECOND_MS));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function useEverySecond(): void {
  const [, setNow] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setNow((count) => count + 1), SECOND_MS);
    return () => clearInterval(timer);
  }, []);
}
