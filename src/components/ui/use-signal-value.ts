// A signal's value in a component. Signals of the layers below come from @preact/signals-core and are read by an effect
// here, so that a component renders anew whichever copy of the renderer's plug-in is loaded.
import { effect, type ReadonlySignal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';

export function useSignalValue<T>(source: ReadonlySignal<T>): T {
  const [value, setValue] = useState<T>(() => source.peek());
  useEffect(
    () =>
      effect(() => {
        const next = source.value;
        setValue(() => next);
      }),
    [source],
  );
  return value;
}
