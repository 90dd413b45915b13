import type { ReportReason } from '../../generated/typescript';
import type { Conversation } from '../core/conversation';
import type { Message } from '../core/message';
import { Dialog } from './dialog';
import { TextField } from './text-field';
import { nameOf } from './words';

interface Props {
  conversation: Conversation;
  message: Message;
  onClose(): void;
}

export function EditMessage({ conversation, message, onClose }: Props) {
  const edit = (values: FormData) => conversation.edit(message, String(values.get('words')));
  return (
    <Dialog title="Modifier le message" action="Enregistrer" onSubmit={edit} onClose={onClose}>
      <TextField label="Message" name="words" suggestion={message.text} />
    </Dialog>
  );
}

export function DeleteMessage({ conversation, message, onClose }: Props) {
  return (
    <Dialog
      title="Supprimer le message ?"
      action="Supprimer"
      onSubmit={() => conversation.delete(message)}
      onClose={onClose}
    >
      <p>Il disparaît pour vous et pour votre interlocuteur.</p>
    </Dialog>
  );
}

const reasons: [ReportReason, string][] = [
  ['harassment', 'Harcèlement ou menaces'],
  ['fraud', 'Arnaque'],
  ['spam', 'Publicité'],
  ['other', 'Autre raison'],
];

export function ReportMessage({ conversation, message, onClose }: Props) {
  const report = (values: FormData) =>
    conversation.report(message, values.get('reason') as ReportReason, String(values.get('comment')).trim());
  return (
    <Dialog title="Signaler le message" action="Signaler" onSubmit={report} onClose={onClose}>
      <label>
        Raison
        <select name="reason" required>
          {reasons.map(([reason, words]) => (
            <option key={reason} value={reason}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <TextField label="Commentaire (facultatif)" name="comment" />
    </Dialog>
  );
}

export function BlockPerson({ conversation, onClose }: Omit<Props, 'message'>) {
  const name = nameOf(conversation.room?.other_participant);
  return (
    <Dialog title={`Bloquer ${name} ?`} action="Bloquer" onSubmit={() => conversation.block(true)} onClose={onClose}>
      <p>Cette personne ne pourra plus vous écrire. Vous pourrez la débloquer.</p>
    </Dialog>
  );
}
