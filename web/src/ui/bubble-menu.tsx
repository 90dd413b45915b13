import { useRef, useState } from 'preact/hooks';
import { Icon } from './icon';

/** The actions on a message. The menu closes when it loses the focus, and with Escape. */
export function BubbleMenu({ text }: { text: string }) {
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  const [isCopied, setCopied] = useState(false);
  const close = () => {
    setOpen(false);
    setCopied(false);
  };
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <span
      class="menu"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !isOpen) return;
        event.stopPropagation();
        close();
        button.current!.focus();
      }}
      onFocusOut={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget as Node | null)) close();
      }}
    >
      <button
        ref={button}
        class="more"
        aria-label="Actions"
        aria-expanded={isOpen}
        onClick={() => (isOpen ? close() : setOpen(true))}
      >
        <Icon name="more" />
      </button>
      {isOpen && (
        <button class="action" onClick={copy}>
          <Icon name={isCopied ? 'check' : 'copy'} /> {isCopied ? 'Copié' : 'Copier le texte'}
        </button>
      )}
    </span>
  );
}
