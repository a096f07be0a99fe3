// A signal's value in a component, at the next frame, and a few times a second at most while it keeps changing: a lab may
// say something new thousands of times a second.
import { effect, type ReadonlySignal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';

/** ms */
const shortest = 100;

export function useFrameValue<T>(source: ReadonlySignal<T>): T {
  const [value, setValue] = useState<T>(() => source.peek());
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let frame = 0;
    let last = 0;
    const show = (): void => {
      frame = 0;
      last = performance.now();
      setValue(() => source.peek());
    };
    const stop = effect(() => {
      source.value;
      if (frame !== 0) return;
      // A hidden tab has no frames; it is brought up to date when it is seen.
      clearTimeout(timer);
      const ask = (): void => {
        frame = requestAnimationFrame(show);
      };
      const wait = shortest - (performance.now() - last);
      if (wait <= 0) ask();
      else timer = setTimeout(ask, wait);
    });
    return () => {
      stop();
      clearTimeout(timer);
      cancelAnimationFrame(frame);
    };
  }, [source]);
  return value;
}
