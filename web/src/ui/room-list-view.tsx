import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Config } from '../config';
import type { ListedRoom } from '../core/inbox';
import type { Session } from '../session';
import { Avatar } from './avatar';
import { isInFrame } from './frame';
import { Icon } from './icon';
import { NewRoom } from './new-room';
import { useObserved } from './observed';
import { nameOf, shortTimeOf, unreadWords, userTypes } from './words';

interface Props {
  session: Session;
  config: Config;
  openRoomId: string | null;
  children: ComponentChildren;
}

export function RoomListView({ session, config, openRoomId, children }: Props) {
  const { rooms: list, viewer } = session;
  useObserved(list);
  const [isAsking, setAsking] = useState(false);
  const nav = useRef<HTMLElement>(null);
  useFocusOnReturn(nav, openRoomId);
  return (
    <nav ref={nav} class="rooms" aria-label="Conversations">
      <header class="bar">
        {isInFrame ? (
          <Avatar name={viewer.full_name} />
        ) : (
          <a class="avatar-link" href="?" title="Changer de personne">
            <Avatar name={viewer.full_name} />
            <span class="visually-hidden">Changer de personne</span>
          </a>
        )}
        <div class="title">
          <h2 dir="auto">{viewer.full_name}</h2>
          <small>
            <span class={session.isLive ? 'light on' : 'light'} /> {session.isLive ? 'En direct' : 'Connexion…'}
            {list.unread > 0 && ` · ${unreadWords(list.unread)}`}
          </small>
        </div>
        {children}
        <button class="round" aria-label="Nouvelle conversation" onClick={() => setAsking(true)}>
          <Icon name="plus" />
        </button>
      </header>

      <div class="filters">
        <label class="search">
          <Icon name="search" />
          <input
            type="search"
            aria-label="Rechercher un nom ou un colis"
            placeholder="Nom ou colis"
            dir="auto"
            onInput={(event) => list.show({ search: event.currentTarget.value.trim() })}
          />
        </label>
        <label class="check">
          <input type="checkbox" onChange={(event) => list.show({ includeArchived: event.currentTarget.checked })} />
          Archivées
          {!!list.unreadArchived && (
            <span class="badge">
              <span aria-hidden="true">{list.unreadArchived}</span>
              <span class="visually-hidden">{unreadWords(list.unreadArchived)}</span>
            </span>
          )}
        </label>
      </div>

      <ul>
        {list.rooms.map((room) => (
          <li key={room.id}>
            <RoomLink room={room} isOpen={room.id === openRoomId} />
          </li>
        ))}
      </ul>
      <Hint session={session} />
      {list.hasMore && (
        <button class="plain" onClick={() => list.more()}>
          Plus de conversations
        </button>
      )}
      {isAsking && <NewRoom session={session} config={config} onClose={() => setAsking(false)} />}
    </nav>
  );
}

/** Returns the focus to the room that was left. */
function useFocusOnReturn(list: RefObject<HTMLElement | null>, openRoomId: string | null): void {
  const before = useRef(openRoomId);
  useEffect(() => {
    if (before.current && !openRoomId) {
      list.current!.querySelector<HTMLElement>(`[href="#room=${CSS.escape(before.current)}"]`)?.focus();
    }
    before.current = openRoomId;
  }, [openRoomId]);
}

function Hint({ session: { rooms: list } }: { session: Session }) {
  if (list.problem) return <p role="alert">{list.problem}</p>;
  if (!list.isLoaded) return <p class="hint">Chargement…</p>;
  if (list.rooms.length > 0) return null;
  return <p class="hint">{list.search ? 'Aucun résultat.' : 'Aucune conversation pour le moment.'}</p>;
}

function RoomLink({ room, isOpen }: { room: ListedRoom; isOpen: boolean }) {
  const { other_participant: other, tracking_number, unread_count: unread } = room;
  return (
    <a class="room" href={`#room=${room.id}`} aria-current={isOpen ? 'true' : undefined}>
      <Avatar name={nameOf(other)} photo={other?.profile_photo_url} />
      <span class="name">
        <span dir="auto">{nameOf(other)}</span>
        <small>{tracking_number ?? (other && userTypes[other.user_type])}</small>
      </span>
      {room.last_message_at && <time dateTime={room.last_message_at}>{shortTimeOf(room.last_message_at)}</time>}
      <span class="last" dir="auto">
        {room.is_archived && <em>Archivée · </em>}
        {room.last_message_text || 'Pas encore de message'}
      </span>
      {unread > 0 && (
        <span class="badge">
          <span aria-hidden="true">{unread > 99 ? '99+' : unread}</span>
          <span class="visually-hidden">{unreadWords(unread)}</span>
        </span>
      )}
    </a>
  );
}
