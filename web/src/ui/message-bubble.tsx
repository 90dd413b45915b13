import { useState } from 'preact/hooks';
import type { Conversation } from '../core/conversation';
import type { Content, Message } from '../core/message';
import type { Outbox, Outgoing } from '../core/outbox';
import type { Tick } from '../core/receipts';
import { BubbleMenu, type Action } from './bubble-menu';
import { Icon } from './icon';
import { LinkedText } from './linked-text';
import { LocationCard } from './location-card';
import { useContextMenu } from './long-press';
import { BlockPerson, DeleteMessage, EditMessage, ReportMessage } from './message-dialogs';
import { Photo } from './photo';
import { timeOf } from './words';

type DialogName = 'edit' | 'delete' | 'report' | 'block';

interface Props {
  conversation: Conversation;
  message: Message;
  isOwn: boolean;
}

export function MessageBubble({ conversation, message, isOwn }: Props) {
  const { type, senderId, readAt, createdAt, editedAt, isDeleted, seq } = message;
  const [isOpen, setOpen] = useState(false);
  const [dialog, setDialog] = useState<DialogName | null>(null);
  const isNotice = type === 'system' || senderId === null;
  const actions = actionsOn(conversation, message, !isOwn && !isNotice, setDialog);
  const contextMenu = useContextMenu(() => actions.length > 0 && setOpen(true));
  const kind = isNotice ? 'system' : isOwn ? 'own' : 'other';
  const close = () => setDialog(null);
  return (
    <li
      class={`bubble ${kind} ${isDeleted ? 'deleted' : ''}`}
      data-seq={seq}
      data-read={readAt !== null}
      {...contextMenu}
    >
      {isDeleted ? <em>Ce message a été supprimé</em> : <MessageContent content={message} />}
      <footer>
        {actions.length > 0 && <BubbleMenu actions={actions} isOpen={isOpen} setOpen={setOpen} />}
        {editedAt && !isDeleted && <span>modifié</span>}
        <time dateTime={createdAt}>{timeOf(createdAt)}</time>
        {isOwn && !isNotice && !isDeleted && <Receipt tick={conversation.tickOf(message)} readAt={readAt} />}
      </footer>
      {dialog === 'edit' && <EditMessage conversation={conversation} message={message} onClose={close} />}
      {dialog === 'delete' && <DeleteMessage conversation={conversation} message={message} onClose={close} />}
      {dialog === 'report' && <ReportMessage conversation={conversation} message={message} onClose={close} />}
      {dialog === 'block' && <BlockPerson conversation={conversation} onClose={close} />}
    </li>
  );
}

/** What the viewer can do with a message. */
function actionsOn(
  conversation: Conversation,
  message: Message,
  isFromOther: boolean,
  open: (dialog: DialogName) => void,
): Action[] {
  const { text } = message;
  const actions: Action[] = [];
  if (text) {
    const copy = () => navigator.clipboard.writeText(text);
    actions.push({ icon: 'copy', words: 'Copier le texte', done: 'Copié', run: copy });
  }
  if (conversation.canChange(message)) {
    actions.push(
      { icon: 'edit', words: 'Modifier', run: () => open('edit') },
      { icon: 'trash', words: 'Supprimer', run: () => open('delete') },
    );
  }
  if (isFromOther) {
    const isBlocked = conversation.room?.is_blocked ?? false;
    actions.push({ icon: 'flag', words: 'Signaler', run: () => open('report') });
    if (!isBlocked) actions.push({ icon: 'block', words: 'Bloquer', run: () => open('block') });
  }
  return actions;
}

function Receipt({ tick, readAt }: { tick: Tick; readAt: string | null }) {
  const words = { sent: 'Envoyé', delivered: 'Distribué', read: readAt ? `Lu à ${timeOf(readAt)}` : 'Lu' }[tick];
  return (
    <span class={`receipt ${tick}`} title={words}>
      <Icon name={tick === 'sent' ? 'check' : 'double'} />
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
