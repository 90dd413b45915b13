import type { Content, Message } from '../core/message';
import type { Outbox, Outgoing } from '../core/outbox';
import { BubbleMenu } from './bubble-menu';
import { Icon } from './icon';
import { LinkedText } from './linked-text';
import { LocationCard } from './location-card';
import { Photo } from './photo';
import { timeOf } from './words';

export function MessageBubble({ message, isOwn }: { message: Message; isOwn: boolean }) {
  const { type, senderId, readAt, createdAt, seq } = message;
  const isNotice = type === 'system' || senderId === null;
  const kind = isNotice ? 'system' : isOwn ? 'own' : 'other';
  return (
    <li class={`bubble ${kind}`} data-seq={seq} data-read={readAt !== null}>
      <MessageContent content={message} />
      <footer>
        {message.text && <BubbleMenu text={message.text} />}
        <time dateTime={createdAt}>{timeOf(createdAt)}</time>
        {isOwn && <Receipt readAt={readAt} />}
      </footer>
    </li>
  );
}

function Receipt({ readAt }: { readAt: string | null }) {
  const words = readAt === null ? 'Envoyé' : `Lu à ${timeOf(readAt)}`;
  return (
    <span class={readAt === null ? 'receipt' : 'receipt read'} title={words}>
      <Icon name={readAt === null ? 'check' : 'double'} />
      <span class="visually-hidden">{words}</span>
    </span>
  );
}

/** After this many failed attempts, the user is asked what to do. */
const MANY_ATTEMPTS = 3;

/** A message in the outbox. */
export function WaitingBubble({ item, outbox }: { item: Outgoing; outbox: Outbox }) {
  const { clientMessageId, rejection, attempts, failure } = item;
  const words = attempts > 1 ? 'Nouvel essai en cours' : 'En attente';
  const isStuck = !rejection && attempts >= MANY_ATTEMPTS && failure;
  return (
    <li class={`bubble own waiting ${rejection ? 'rejected' : ''}`} data-waiting={clientMessageId}>
      <MessageContent content={item} />
      <footer>
        <time dateTime={new Date(item.writtenAt).toISOString()}>{timeOf(item.writtenAt)}</time>
        {!rejection && (
          <span class="receipt" title={words}>
            <Icon name="clock" />
            <span class="visually-hidden">{words}</span>
          </span>
        )}
      </footer>
      {(rejection || isStuck) && (
        <div class="rejection" role="alert">
          <p>{rejection ? `Non envoyé : ${rejection}` : `Toujours pas envoyé. ${failure}`}</p>
          <button onClick={() => outbox.retry(clientMessageId)}>Réessayer</button>
          <button onClick={() => outbox.discard(clientMessageId)}>{rejection ? 'Supprimer' : 'Annuler l’envoi'}</button>
        </div>
      )}
    </li>
  );
}

function MessageContent({ content }: { content: Content }) {
  const { type, text, imageUrl, latitude, longitude } = content;
  return (
    <>
      {type === 'image' && <Photo url={imageUrl} words={text} />}
      {type === 'location' && latitude !== null && longitude !== null && (
        <LocationCard latitude={latitude} longitude={longitude} />
      )}
      {text && <LinkedText text={text} />}
    </>
  );
}
