import type { Conversation } from '../core/conversation';
import { image } from '../core/message';
import { Dialog } from './dialog';
import { TextField } from './text-field';

/** Sends a photo by its address. The app uploads photos; this page does not. */
export function SendPhoto({ conversation, onClose }: { conversation: Conversation; onClose(): void }) {
  const send = (values: FormData) => {
    conversation.send(image(String(values.get('url')), String(values.get('words'))));
  };
  return (
    <Dialog title="Envoyer une photo" action="Envoyer" onSubmit={send} onClose={onClose}>
      <label>
        Adresse de la photo (https)
        <input name="url" type="url" required pattern="https://.*" maxLength={2048} placeholder="https://…" />
      </label>
      <TextField label="Légende (facultative)" name="words" />
    </Dialog>
  );
}
