import { Fragment, type RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Conversation } from '../core/conversation';
import type { Message } from '../core/message';
import type { Person } from '../config';
import type { Outbox } from '../core/outbox';
import { Icon } from './icon';
import { MessageBubble, WaitingBubble } from './message-bubble';
import { useReadingPlace } from './reading-place';
import { dayOf, isSameDay } from './words';

interface Props {
  conversation: Conversation;
  viewer: Person;
  outbox: Outbox;
}

/** From this distance, in pixels, the newest message counts as out of sight. */
const AWAY = 160;

export function MessageList({ conversation, viewer, outbox }: Props) {
  const { messages, waiting, hasOlder, isLoadingOlder } = conversation;
  const box = useRef<HTMLDivElement>(null);
  const [isAway, setAway] = useState(false);
  const { firstUnread, unseen } = conversation;
  // Before the effects that scroll.
  const noteReadingPlace = useReadingPlace(box);
  // The box is laid out from its bottom (see conversation.css): 0 is the newest message, and loading older messages
  // moves nothing.
  const toNewest = () => box.current?.scrollTo({ top: 0 });
  useLayoutEffect(() => {
    if (waiting.length > 0) toNewest();
  }, [waiting.length]);
  useLayoutEffect(() => {
    box.current!.querySelector('.unread')?.scrollIntoView({ block: 'start' });
  }, [firstUnread]);
  useOnScreen(box, conversation, messages, firstUnread);

  return (
    <div class="messages-place">
      <div
        ref={box}
        class="messages"
        role="log"
        aria-label="Messages"
        aria-busy={isLoadingOlder || !conversation.room}
        tabIndex={0}
        onScroll={(event) => {
          noteReadingPlace();
          setAway(event.currentTarget.scrollTop < -AWAY);
        }}
      >
        <ol>
          {hasOlder && (
            <li class="older">
              <Older conversation={conversation} count={messages.length} />
            </li>
          )}
          {messages.map((message, at) => {
            const before = messages[at - 1];
            const isNewDay = !before || !isSameDay(new Date(before.createdAt), new Date(message.createdAt));
            return (
              <Fragment key={message.seq}>
                {isNewDay && <li class="day">{dayOf(message.createdAt)}</li>}
                {message.seq === firstUnread && <li class="unread">Nouveaux messages</li>}
                <MessageBubble conversation={conversation} message={message} isOwn={message.senderId === viewer.id} />
              </Fragment>
            );
          })}
          {waiting.map((item) => (
            <WaitingBubble key={item.clientMessageId} item={item} outbox={outbox} />
          ))}
        </ol>
      </div>
      {isAway && (
        <button class="round newest" aria-label={newestWords(unseen)} onClick={toNewest}>
          <Icon name="down" />
          {unseen > 0 && (
            <span class="badge" aria-hidden="true">
              {unseen > 99 ? '99+' : unseen}
            </span>
          )}
        </button>
      )}
    </div>
  );
}

const newestWords = (unseen: number): string =>
  `Aller au dernier message${unseen > 0 ? `, ${unseen} nouveau${unseen > 1 ? 'x' : ''}` : ''}`;

/**
 * Reports which messages are on the screen: half of a message, or a part that fills half of the box. It starts again after the
 * scroll to the first unread message: what was on the screen before does not count as read.
 */
function useOnScreen(
  box: RefObject<HTMLElement | null>,
  conversation: Conversation,
  messages: readonly Message[],
  firstUnread: number | null,
): void {
  const observer = useRef<IntersectionObserver | null>(null);
  const observed = useRef(new Map<string, Element>());
  useEffect(() => {
    const isOnScreen = ({ intersectionRatio, intersectionRect, rootBounds }: IntersectionObserverEntry) =>
      intersectionRatio >= 0.5 || (rootBounds !== null && intersectionRect.height >= rootBounds.height / 2);
    observer.current = new IntersectionObserver(
      (entries) => {
        const seqs = (of: IntersectionObserverEntry[]) =>
          of.map(({ target }) => Number((target as HTMLElement).dataset.seq));
        conversation.setOnScreen(seqs(entries.filter((entry) => !isOnScreen(entry))), false);
        conversation.setOnScreen(seqs(entries.filter(isOnScreen)), true);
      },
      { root: box.current, threshold: [0, 0.25, 0.5] },
    );
    observed.current.clear();
    return () => observer.current!.disconnect();
  }, [conversation, firstUnread]);
  useEffect(() => {
    for (const element of box.current!.querySelectorAll<HTMLElement>('[data-seq]')) {
      const seq = element.dataset.seq!;
      if (observed.current.get(seq) === element) continue;
      observed.current.set(seq, element);
      observer.current!.observe(element);
    }
  }, [conversation, firstUnread, messages]);
}

/** Loads the previous page when it comes into sight, or on request. */
function Older({ conversation, count }: { conversation: Conversation; count: number }) {
  const button = useRef<HTMLButtonElement>(null);
  const load = () => void conversation.loadOlder();
  useEffect(() => {
    // A new observer reports at once which elements are in sight, so loading continues if a page did not fill the
    // screen.
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && load());
    observer.observe(button.current!);
    return () => observer.disconnect();
  }, [conversation, count]);
  return (
    <button ref={button} class="plain" onClick={load}>
      {conversation.isLoadingOlder ? 'Chargement…' : 'Messages plus anciens'}
    </button>
  );
}
