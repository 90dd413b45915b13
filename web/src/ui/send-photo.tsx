import type { Conversation } from '../core/conversation';
import { image } from '../core/message';
import { Dialog } from './dialog';

/** By its address: where photos are uploaded to is the app's business. */
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
      <label>
        Légende (facultative)
        <input name="words" maxLength={5000} />
      </label>
    </Dialog>
  );
}
