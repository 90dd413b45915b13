import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

/** A message on the screen, in pixels. */
interface Place {
  message: Element;
  /** Its distance from the top of the window. */
  top: number;
  scrollTop: number;
}

/**
 * Keeps what the viewer reads where it is on the screen, while messages are added, changed or removed and while the bars
 * around the box come and go. At its end the box follows the newest message instead.
 *
 * The browser's scroll anchoring is not enough: Safari has none, and elsewhere it keeps the distance from the top of the
 * box, which moves when the bar above it grows.
 *
 * @returns the handler of the box's scroll events
 */
export function useReadingPlace(box: RefObject<HTMLElement | null>): () => void {
  const place = useRef<Place | null>(null);
  // The browser can report a scroll or a size after the room has been left.
  const note = () => {
    if (box.current) place.current = placeIn(box.current);
  };
  const restore = () => {
    const { current: known } = place;
    if (box.current && known?.message.isConnected && !isAtEdge(box.current)) {
      // Scrolling moves a message, too, and its event comes later.
      const scrolled = box.current.scrollTop - known.scrollTop;
      const moved = topOf(known.message) - (known.top - scrolled);
      if (Math.abs(moved) >= 1) box.current.scrollTop += moved;
    }
    note();
  };
  useLayoutEffect(restore);
  useEffect(() => {
    const observer = new ResizeObserver(restore);
    observer.observe(box.current!);
    for (const content of box.current!.children) observer.observe(content);
    return () => observer.disconnect();
  }, []);
  return note;
}

const topOf = (element: Element): number => element.getBoundingClientRect().top;

/**
 * Whether the box shows its newest or its oldest message to the edge. The box is laid out from its bottom: `scrollTop` is 0
 * there, and negative above. At the other edge the browser itself has changed `scrollTop` if the content has shrunk.
 */
const isAtEdge = ({ scrollTop, scrollHeight, clientHeight }: Element): boolean =>
  scrollTop > -1 || scrollTop < clientHeight - scrollHeight + 1;

/** Returns the first message that begins on the screen, or else the one that covers it. */
function placeIn(box: Element): Place | null {
  const messages = [...box.querySelectorAll('[data-seq]')];
  const { top, bottom } = box.getBoundingClientRect();
  let [from, to] = [0, messages.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (topOf(messages[middle]!) < top) from = middle + 1;
    else to = middle;
  }
  const [before, first] = [messages[from - 1], messages[from]];
  const message = first && topOf(first) < bottom ? first : (before ?? first);
  return message ? { message, top: topOf(message), scrollTop: box.scrollTop } : null;
}
