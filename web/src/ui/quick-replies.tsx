import type { Conversation } from '../core/conversation';
import { text } from '../core/message';

/** What the viewer is likely to say now: one tap sends it. */
export function QuickReplies({ conversation }: { conversation: Conversation }) {
  const { results, isKnown } = conversation.quickReplies;
  // Keeps the space, so that the messages do not move under the viewer's finger a moment after the room has opened.
  if (!isKnown) {
    return (
      <div class="quick unknown">
        <button type="button">…</button>
      </div>
    );
  }
  if (results.length === 0) return null;
  return (
    <div class="quick" role="group" aria-label="Réponses rapides">
      {results.map((reply) => (
        <button type="button" key={reply.key} dir="auto" onClick={() => conversation.send(text(reply.text), reply.key)}>
          {reply.text}
        </button>
      ))}
    </div>
  );
}
