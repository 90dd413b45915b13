import { useState } from 'preact/hooks';
import type { Content, Message } from '../core/message';
import type { Outbox, Outgoing } from '../core/outbox';
import { Icon } from './icon';
import { LocationCard } from './location-card';
import { timeOf } from './words';

export function MessageBubble({ message, isOwn }: { message: Message; isOwn: boolean }) {
  const { type, senderId, readAt, createdAt, seq } = message;
  const isNotice = type === 'system' || senderId === null;
  const kind = isNotice ? 'system' : isOwn ? 'own' : 'other';
  return (
    <li class={`bubble ${kind}`} data-seq={seq} data-read={readAt !== null}>
      <Said content={message} />
      <footer>
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
      <span class="for-ears">{words}</span>
    </span>
  );
}

/** What is written and not sent yet. */
export function WaitingBubble({ item, outbox }: { item: Outgoing; outbox: Outbox }) {
  const { clientMessageId, refusal, attempts } = item;
  const words = attempts > 1 ? 'Nouvel essai en cours' : 'En attente';
  return (
    <li class={`bubble own waiting ${refusal ? 'refused' : ''}`} data-waiting={clientMessageId}>
      <Said content={item} />
      <footer>
        <time dateTime={new Date(item.writtenAt).toISOString()}>{timeOf(item.writtenAt)}</time>
        {!refusal && (
          <span class="receipt" title={words}>
            <Icon name="clock" />
            <span class="for-ears">{words}</span>
          </span>
        )}
      </footer>
      {refusal && (
        <div class="refusal" role="alert">
          <p>Non envoyé : {refusal}</p>
          <button onClick={() => outbox.retry(clientMessageId)}>Réessayer</button>
          <button onClick={() => outbox.discard(clientMessageId)}>Supprimer</button>
        </div>
      )}
    </li>
  );
}

function Said({ content }: { content: Content }) {
  const { type, text, imageUrl, latitude, longitude } = content;
  return (
    <>
      {type === 'image' && <Photo url={imageUrl} words={text} />}
      {type === 'location' && latitude !== null && longitude !== null && (
        <LocationCard latitude={latitude} longitude={longitude} />
      )}
      {text && <p>{text}</p>}
    </>
  );
}

function Photo({ url, words }: { url: string; words: string }) {
  const [isBroken, setBroken] = useState(false);
  return (
    <a class="photo" href={url} target="_blank" rel="noreferrer">
      {isBroken ? (
        <span class="missing">
          <Icon name="photo" /> Photo indisponible
        </span>
      ) : (
        <img
          src={url}
          alt={words || 'Photo'}
          loading="lazy"
          referrerpolicy="no-referrer"
          onError={() => setBroken(true)}
        />
      )}
    </a>
  );
}
