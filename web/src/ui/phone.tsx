import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Config, Person } from '../config';
import { Session } from '../session';
import { ConversationView } from './conversation-view';
import { isInFrame } from './frame';
import { Icon } from './icon';
import { JournalPane } from './journal-pane';
import { useObserved } from './observed';
import { RoomListView } from './room-list-view';

/** The whole app of one user. */
export function Phone({ viewer, config }: { viewer: Person & { token: string }; config: Config }) {
  const session = useSession(viewer, config);
  const roomId = useRoomId();
  const [isJournalOpen, setJournalOpen] = useState(false);
  useObserved(session, session.rooms);
  useEscape(roomId !== null);
  const { unread } = session.rooms;

  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ''}${viewer.full_name} – Relais`;
  }, [unread]);

  return (
    <main class={`phone ${roomId ? 'in-room' : 'in-list'} ${isJournalOpen ? 'with-journal' : ''}`}>
      <h1 class="visually-hidden">Relais</h1>
      <Banner session={session} />
      <RoomListView session={session} config={config} openRoomId={roomId}>
        {!isInFrame && (
          <button
            class="round"
            aria-label="Ce qui se passe"
            aria-pressed={isJournalOpen}
            onClick={() => setJournalOpen(!isJournalOpen)}
          >
            <Icon name="pulse" />
          </button>
        )}
      </RoomListView>
      {roomId ? (
        <ConversationView key={roomId} session={session} roomId={roomId} />
      ) : (
        <div class="no-room">
          <p>Choisissez une conversation.</p>
        </div>
      )}
      {!isInFrame && (
        <div class="journal-place" hidden={!isJournalOpen}>
          <JournalPane people={config.people} follow={(listener) => session.journal.follow(listener)} />
        </div>
      )}
    </main>
  );
}

function Banner({ session }: { session: Session }) {
  let words = '';
  if (session.isExpired) words = 'Votre session a expiré : connectez-vous de nouveau.';
  else if (!session.isReachable) words = 'Hors connexion : vos messages partiront dès son retour.';
  return (
    <div class="banner" role="status">
      {words && (
        <p>
          <Icon name="warning" /> {words} {session.isExpired && <a href="?">Se connecter</a>}
        </p>
      )}
    </div>
  );
}

function useSession(viewer: Person & { token: string }, config: Config): Session {
  const session = useMemo(() => new Session(viewer, config), [viewer.id]);
  useEffect(() => {
    const look = () => session.setVisible(document.visibilityState === 'visible');
    const wake = () => session.wake();
    const goOffline = () => session.goOffline();
    document.addEventListener('visibilitychange', look);
    window.addEventListener('online', wake);
    window.addEventListener('offline', goOffline);
    const tellParent = isInFrame
      ? session.journal.follow((entry) => window.parent.postMessage({ relais: entry }, window.location.origin))
      : () => {};
    look();
    session.start();
    return () => {
      document.removeEventListener('visibilitychange', look);
      window.removeEventListener('online', wake);
      window.removeEventListener('offline', goOffline);
      tellParent();
      session.end();
    };
  }, [session]);
  return session;
}

/** Escape leaves the room. Dialogs and menus handle Escape first. */
function useEscape(isInRoom: boolean): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.isComposing || event.defaultPrevented) return;
      if (isInRoom && !document.querySelector('dialog[open]')) window.location.hash = '';
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  }, [isInRoom]);
}

/** Returns the room in the address, so that "back" leads to the list. */
function useRoomId(): string | null {
  const read = () => new URLSearchParams(window.location.hash.slice(1)).get('room');
  const [roomId, setRoomId] = useState(read);
  useEffect(() => {
    const changed = () => setRoomId(read());
    window.addEventListener('hashchange', changed);
    // The address may have changed since the first read.
    changed();
    return () => window.removeEventListener('hashchange', changed);
  }, []);
  return roomId;
}
