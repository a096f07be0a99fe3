// What is seen of an element that scrolls: as much as row-window.ts needs to tell which rows are in sight.
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** px */
export interface ScrollView {
  readonly top: number;
  readonly height: number;
  readonly width: number;
}

/** The view, and what its owner calls when it has scrolled; the same object while nothing has changed, so that nothing renders for it. */
export function useScrollView(scroller: RefObject<HTMLElement>): [ScrollView, (element: HTMLElement) => void] {
  const [view, setView] = useState<ScrollView>({ top: 0, height: 0, width: 0 });
  const look = ({ scrollTop: top, clientHeight: height, clientWidth: width }: HTMLElement): void =>
    setView((was) => (was.top === top && was.height === height && was.width === width ? was : { top, height, width }));
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => look(element));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [view, look];
}
