import { Fragment } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Conversation } from '../core/conversation';
import type { Person } from '../config';
import type { Outbox } from '../core/outbox';
import { Icon } from './icon';
import { MessageBubble, WaitingBubble } from './message-bubble';
import { dayOf, isSameDay } from './words';

interface Props {
  conversation: Conversation;
  viewer: Person;
  outbox: Outbox;
}

/** How far up, in pixels, the newest message counts as out of sight. */
const AWAY = 160;

export function MessageList({ conversation, viewer, outbox }: Props) {
  const { messages, waiting, hasOlder, isLoadingOlder } = conversation;
  const box = useRef<HTMLDivElement>(null);
  const [isAway, setAway] = useState(false);
  // The box is laid out from its bottom (see conversation.css): 0 is the newest message, and older ones that are put
  // on top move nothing.
  const toNewest = () => box.current?.scrollTo({ top: 0 });
  useLayoutEffect(toNewest, [waiting.length]);

  return (
    <div class="messages-place">
      <div
        ref={box}
        class="messages"
        role="log"
        aria-label="Messages"
        aria-busy={isLoadingOlder || !conversation.room}
        tabIndex={0}
        onScroll={(event) => setAway(event.currentTarget.scrollTop < -AWAY)}
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
                <MessageBubble message={message} isOwn={message.senderId === viewer.id} />
              </Fragment>
            );
          })}
          {waiting.map((item) => (
            <WaitingBubble key={item.clientMessageId} item={item} outbox={outbox} />
          ))}
        </ol>
      </div>
      {isAway && (
        <button class="round newest" aria-label="Aller au dernier message" onClick={toNewest}>
          <Icon name="down" />
        </button>
      )}
    </div>
  );
}

/** Loads the page before as soon as it comes into sight, or when asked to. */
function Older({ conversation, count }: { conversation: Conversation; count: number }) {
  const button = useRef<HTMLButtonElement>(null);
  const load = () => void conversation.loadOlder();
  useEffect(() => {
    // A new observer tells at once what is in sight: so it goes on where a page did not fill the screen.
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
