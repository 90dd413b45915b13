import { useEffect, useRef, useState } from 'preact/hooks';
import type { DeliveryInfo, RoomDetail } from '../../generated/typescript';
import type { Conversation } from '../core/conversation';
import type { ListedRoom } from '../core/inbox';
import type { Session } from '../session';
import { Avatar } from './avatar';
import { Composer } from './composer';
import { Icon } from './icon';
import { MessageList } from './message-list';
import { useObserved } from './observed';
import { QuickReplies } from './quick-replies';
import { Unreachable } from './unreachable';
import { nameOf, userTypes } from './words';

export function ConversationView({ session, roomId }: { session: Session; roomId: string }) {
  const [conversation, setConversation] = useState<Conversation | null>(null);
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    const opened = session.open(roomId);
    setConversation(opened);
    return () => session.close(opened);
  }, [session, roomId]);
  // On a phone, the clicked link is hidden now, so the focus would be lost.
  useEffect(() => section.current!.focus({ preventScroll: true }), []);
  return (
    <section ref={section} class="conversation" aria-label="Conversation" tabIndex={-1}>
      {conversation && <OpenRoom session={session} conversation={conversation} />}
    </section>
  );
}

function OpenRoom({ session, conversation }: { session: Session; conversation: Conversation }) {
  useObserved(conversation, session.rooms);
  // The list already has the fields of the header.
  const listed = session.rooms.rooms.find(({ id }) => id === conversation.roomId);
  if (conversation.problem) return <Gone problem={conversation.problem} />;
  const isClosed = conversation.room?.is_active === false;
  return (
    <>
      <Header session={session} conversation={conversation} listed={listed} />
      <MessageList conversation={conversation} viewer={session.viewer} outbox={session.outbox} />
      <p class="typing" role="status">
        {conversation.otherIsTyping && `${nameOf(conversation.room?.other_participant)} est en train d’écrire…`}
      </p>
      {isClosed ? (
        <p class="closed">Cette conversation n’est plus active.</p>
      ) : (
        <Writing session={session} conversation={conversation} />
      )}
    </>
  );
}

function Writing({ session, conversation }: { session: Session; conversation: Conversation }) {
  // The recipient has blocked the viewer.
  if (conversation.refusal) return <p class="closed">{conversation.refusal}</p>;
  return (
    <>
      {conversation.room?.is_blocked && (
        <p class="blocked">
          Vous avez bloqué cette personne.{' '}
          <button onClick={() => void conversation.block(false).catch(() => {})}>Débloquer</button>
        </p>
      )}
      <Unreachable conversation={conversation} viewerId={session.viewer.id} />
      <QuickReplies conversation={conversation} />
      <Composer conversation={conversation} drafts={session.drafts} />
    </>
  );
}

interface HeaderProps {
  session: Session;
  conversation: Conversation;
  listed: ListedRoom | undefined;
}

function Header({ session, conversation, listed }: HeaderProps) {
  const detail: RoomDetail | null = conversation.room;
  const room = detail ?? listed;
  const other = room?.other_participant;
  const phoneNumber = detail?.other_participant?.phone_number;
  const delivery = detail?.delivery_info;
  const trackingNumber = delivery?.tracking_number ?? listed?.tracking_number;
  const isArchived = room?.is_archived ?? false;
  const archive = async () => {
    if (!(await conversation.archive(!isArchived))) return;
    session.rooms.refresh();
    if (!isArchived) window.location.hash = '';
  };
  return (
    <header class="bar">
      <a class="round back" href="#" aria-label="Retour aux conversations">
        <Icon name="back" />
      </a>
      {other && <Avatar name={other.full_name} photo={other.profile_photo_url} />}
      <div class="title">
        <h2 dir="auto">{room ? nameOf(other) : '…'}</h2>
        <small>
          {other && userTypes[other.user_type]}
          {trackingNumber && ` · ${trackingNumber}`}
        </small>
        {delivery && (
          <small class="route" title={routeOf(delivery)}>
            {routeOf(delivery)}
          </small>
        )}
      </div>
      {phoneNumber && (
        <a class="round" href={`tel:${phoneNumber}`} aria-label={`Appeler ${nameOf(other)}`}>
          <Icon name="phone" />
        </a>
      )}
      {room && (
        <button
          class="round"
          aria-label={isArchived ? 'Désarchiver la conversation' : 'Archiver la conversation'}
          aria-pressed={isArchived}
          onClick={archive}
        >
          <Icon name="archive" />
        </button>
      )}
    </header>
  );
}

const routeOf = (delivery: DeliveryInfo): string => `${delivery.pickup_address} → ${delivery.delivery_address}`;

function Gone({ problem }: { problem: string }) {
  return (
    <div class="no-room" role="alert">
      <p>Cette conversation ne peut pas être ouverte : {problem}</p>
      <a href="#">Retour aux conversations</a>
    </div>
  );
}
