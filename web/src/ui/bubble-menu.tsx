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

/** The actions on a message. The menu closes when the viewer turns to something else, and with Escape. */
export function BubbleMenu({ actions, isOpen, setOpen }: Props) {
  const place = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const [done, setDone] = useState<Action['words'] | null>(null);
  const focusFirst = () => list.current!.querySelector('button')!.focus({ preventScroll: true });
  useLayoutEffect(() => {
    setDone(null);
    if (isOpen) focusFirst();
  }, [isOpen]);
  // A live event can add actions, and remove the focused one.
  useLayoutEffect(() => {
    if (!isOpen) return;
    const menu = list.current!;
    const top = menu.closest('[role="log"]')!.getBoundingClientRect().top;
    menu.classList.remove('below');
    menu.classList.toggle('below', menu.getBoundingClientRect().top < top);
    if (document.activeElement === document.body) focusFirst();
  }, [isOpen, actions.length]);
  useLayoutEffect(() => (isOpen ? onTurningFrom(place.current!, () => setOpen(false)) : undefined), [isOpen]);
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
      ref={place}
      class="menu"
      // Safari does not focus a clicked button, but what is around the menu: that would close it before the click.
      onPointerDown={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !isOpen) return;
        event.stopPropagation();
        setOpen(false);
        button.current!.focus();
      }}
    >
      <button ref={button} class="more" aria-label="Actions" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
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

/**
 * Calls `turned` when something outside of an element gets the focus or is clicked. The loss of the focus does not count:
 * a live event may remove the focused element, and another app may take the focus.
 */
function onTurningFrom(element: Element, turned: () => void): () => void {
  const look = (event: Event) => {
    // A finger may only scroll.
    if (event instanceof PointerEvent && event.pointerType === 'touch') return;
    if (!element.contains(event.target as Node)) turned();
  };
  document.addEventListener('focusin', look);
  document.addEventListener('pointerdown', look);
  return () => {
    document.removeEventListener('focusin', look);
    document.removeEventListener('pointerdown', look);
  };
}
