import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Conversation } from '../core/conversation';
import { text } from '../core/message';
import type { LocalDrafts } from '../storage';
import { Icon } from './icon';
import { Counter, isTooLong } from './limited-text';
import { SendLocation } from './send-location';
import { SendPhoto } from './send-photo';

/** Safari reports the Enter that ends a composed character with this key code instead of `isComposing`. */
const COMPOSING = 229;

export function Composer({ conversation, drafts }: { conversation: Conversation; drafts: LocalDrafts }) {
  const { roomId, typing } = conversation;
  const field = useRef<HTMLTextAreaElement>(null);
  const counterId = useId();
  const [draft, setDraft] = useState(() => drafts.get(roomId));
  const [dialog, setDialog] = useState<'photo' | 'location' | null>(null);
  useEffect(() => drafts.set(roomId, draft), [draft]);
  const canSend = draft.trim() !== '' && !isTooLong(draft);

  const send = (event: Event) => {
    event.preventDefault();
    field.current!.focus();
    if (!canSend) return;
    conversation.send(text(draft));
    setDraft('');
  };
  return (
    <form class="composer" onSubmit={send}>
      <button type="button" class="round" aria-label="Envoyer une photo" onClick={() => setDialog('photo')}>
        <Icon name="photo" />
      </button>
      <button type="button" class="round" aria-label="Envoyer une position" onClick={() => setDialog('location')}>
        <Icon name="pin" />
      </button>
      <div class="draft">
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          aria-label="Votre message"
          aria-describedby={counterId}
          placeholder="Votre message"
          value={draft}
          onInput={({ currentTarget }) => {
            setDraft(currentTarget.value);
            typing.typed(currentTarget.value);
          }}
          onKeyDown={(event) => {
            const isComposing = event.isComposing || event.keyCode === COMPOSING;
            if (event.key === 'Enter' && !event.shiftKey && !isComposing) send(event);
          }}
        />
        <Counter text={draft} id={counterId} />
      </div>
      <button
        class="round primary"
        aria-label="Envoyer"
        disabled={!canSend}
        // The keyboard of a phone closes if the text field loses the focus.
        onPointerDown={(event) => event.preventDefault()}
      >
        <Icon name="send" />
      </button>
      {dialog === 'photo' && <SendPhoto conversation={conversation} onClose={() => setDialog(null)} />}
      {dialog === 'location' && <SendLocation conversation={conversation} onClose={() => setDialog(null)} />}
    </form>
  );
}
