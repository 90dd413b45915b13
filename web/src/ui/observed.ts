import { useLayoutEffect, useReducer } from 'preact/hooks';
import type { Observable } from '../core/observable';

/** Renders again after each change of these objects. */
export function useObserved(...observed: Observable[]): void {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useLayoutEffect(() => {
    const ends = observed.map((one) => one.subscribe(() => redraw(undefined)));
    return () => ends.forEach((end) => end());
  }, observed);
}
