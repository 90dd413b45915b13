import { useEffect, useState } from 'preact/hooks';
import type { Conversation } from '../core/conversation';
import { text } from '../core/message';
import { Icon } from './icon';
import { SendLocation } from './send-location';
import { SendPhoto } from './send-photo';

const LONGEST_TEXT = 5_000;

export function Composer({ conversation, drafts }: { conversation: Conversation; drafts: Map<string, string> }) {
  const { roomId, typing } = conversation;
  const [draft, setDraft] = useState(drafts.get(roomId) ?? '');
  const [asked, setAsked] = useState<'photo' | 'location' | null>(null);
  useEffect(() => void drafts.set(roomId, draft), [draft]);

  const send = (event?: Event) => {
    event?.preventDefault();
    if (draft.trim() === '') return;
    conversation.send(text(draft));
    setDraft('');
  };
  return (
    <form class="composer" onSubmit={send}>
      <button type="button" class="round" aria-label="Envoyer une photo" onClick={() => setAsked('photo')}>
        <Icon name="photo" />
      </button>
      <button type="button" class="round" aria-label="Envoyer une position" onClick={() => setAsked('location')}>
        <Icon name="pin" />
      </button>
      <textarea
        rows={1}
        aria-label="Votre message"
        placeholder="Votre message"
        maxLength={LONGEST_TEXT}
        value={draft}
        onInput={({ currentTarget }) => {
          setDraft(currentTarget.value);
          typing.typed(currentTarget.value);
        }}
        onKeyDown={(event) => {
          // Enter also ends a composed character, and then it does not send.
          if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) send(event);
        }}
      />
      <button class="round primary" aria-label="Envoyer" disabled={draft.trim() === ''}>
        <Icon name="send" />
      </button>
      {asked === 'photo' && <SendPhoto conversation={conversation} onClose={() => setAsked(null)} />}
      {asked === 'location' && <SendLocation conversation={conversation} onClose={() => setAsked(null)} />}
    </form>
  );
}
