import type { Conversation } from '../core/conversation';
import type { Message } from '../core/message';
import { Dialog } from './dialog';
import { TextField } from './text-field';

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
