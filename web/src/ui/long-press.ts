import { useRef } from 'preact/hooks';

const LONG_MS = 500;
/** A finger that moves further, in pixels, scrolls. */
const MOVED = 10;

/**
 * Returns the handlers that open a context menu: right click, the keyboard's menu key, and a long press, for which iOS has no
 * `contextmenu` event. Links and selected text keep the browser's own menu.
 */
export function useContextMenu(open: () => void) {
  const press = useRef<{ timer: ReturnType<typeof setTimeout>; x: number; y: number } | null>(null);
  const end = () => {
    clearTimeout(press.current?.timer);
    press.current = null;
  };
  return {
    onContextMenu: (event: MouseEvent) => {
      end();
      if (isBrowsers(event.target as Element)) return;
      event.preventDefault();
      open();
    },
    onPointerDown: ({ pointerType, target, clientX: x, clientY: y }: PointerEvent) => {
      if (pointerType !== 'touch' || isBrowsers(target as Element)) return;
      press.current = { timer: setTimeout(open, LONG_MS), x, y };
    },
    onPointerMove: ({ clientX, clientY }: PointerEvent) => {
      const began = press.current;
      if (began && Math.hypot(clientX - began.x, clientY - began.y) > MOVED) end();
    },
    onPointerUp: end,
    onPointerCancel: end,
  };
}

const isBrowsers = (target: Element): boolean =>
  target.closest('a') !== null || window.getSelection()?.isCollapsed === false;
