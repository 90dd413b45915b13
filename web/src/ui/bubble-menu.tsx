import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from './icon';

export interface Action {
  icon: IconName;
  words: string;
  /** Replaces `words` once the action is done; the menu then stays open. */
  done?: string;
  run(): Promise<void> | void;
}

interface Props {
  actions: Action[];
  isOpen: boolean;
  setOpen(isOpen: boolean): void;
}

/** The actions on a message. The menu closes when it loses the focus, and with Escape. */
export function BubbleMenu({ actions, isOpen, setOpen }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const [done, setDone] = useState<Action['words'] | null>(null);
  useLayoutEffect(() => {
    setDone(null);
    if (!isOpen) return;
    const menu = list.current!;
    const top = menu.closest('[role="log"]')!.getBoundingClientRect().top;
    menu.classList.toggle('below', menu.getBoundingClientRect().top < top);
    menu.querySelector('button')!.focus({ preventScroll: true });
  }, [isOpen]);
  const choose = async (action: Action) => {
    if (!action.done) {
      button.current!.focus({ preventScroll: true });
      setOpen(false);
    }
    await action.run();
    if (action.done) setDone(action.words);
  };
  return (
    <span
      class="menu"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !isOpen) return;
        event.stopPropagation();
        setOpen(false);
        button.current!.focus();
      }}
      onFocusOut={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget as Node | null)) setOpen(false);
      }}
    >
      <button
        ref={button}
        class="more"
        aria-label="Actions"
        aria-expanded={isOpen}
        // Safari does not focus a clicked button: the menu would close before the click.
        onPointerDown={(event) => event.preventDefault()}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="more" />
      </button>
      {isOpen && (
        <ul ref={list} class="actions">
          {actions.map((action) => (
            <li key={action.words}>
              <button onClick={() => void choose(action)}>
                <Icon name={done === action.words ? 'check' : action.icon} />{' '}
                {done === action.words ? action.done : action.words}
              </button>
            </li>
          ))}
        </ul>
      )}
    </span>
  );
}
