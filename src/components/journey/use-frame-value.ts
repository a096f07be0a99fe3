// A signal's value in a component, once a frame at most: a lab may say something new thousands of times a second.
import { effect, type ReadonlySignal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';

export function useFrameValue<T>(source: ReadonlySignal<T>): T {
  const [value, setValue] = useState<T>(() => source.peek());
  useEffect(() => {
    let frame = 0;
    const stop = effect(() => {
      source.value;
      if (frame !== 0) return;
      // A hidden tab has no frames; it is brought up to date when it is seen.
      frame = requestAnimationFrame(() => {
        frame = 0;
        setValue(() => source.peek());
      });
    });
    return () => {
      stop();
      cancelAnimationFrame(frame);
    };
  }, [source]);
  return value;
}
