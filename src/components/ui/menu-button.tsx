// A button that opens a small panel of other buttons beside it. The browser's own popover: Escape and a click elsewhere close
// it, and the focus goes back to the button.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from './button.tsx';
import { placeBeside } from './place-beside.ts';
import { useUniqueId } from './use-unique-id.ts';

interface Props {
  readonly label: ComponentChildren;
  /** What the panel is called. */
  readonly name: string;
  readonly class?: string;
  readonly size?: 'small' | 'normal';
  /** `close` puts the panel away. */
  readonly children: (close: () => void) => ComponentChildren;
}

export function MenuButton({ label, name, class: className, size = 'small', children }: Props) {
  const id = useUniqueId();
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLFieldSetElement>(null);
  const [open, setOpen] = useState(false);

  useEffect(() => {
    const element = panel.current;
    if (element === null) return;
    const toggled = (event: Event): void => {
      const opens = (event as ToggleEvent).newState === 'open';
      setOpen(opens);
      if (opens && button.current !== null) placeBeside(element, button.current.getBoundingClientRect());
    };
    element.addEventListener('toggle', toggled);
    return () => element.removeEventListener('toggle', toggled);
  }, []);

  return (
    <>
      <Button
        element={button}
        size={size}
        {...(className === undefined ? {} : { class: className })}
        aria-expanded={open}
        aria-controls={id}
        // As the panel's own button: a press on any other closes the panel before it is a click, which would open it again.
        popovertarget={id}
      >
        {label}
        <span class="ls-menu-sign" aria-hidden="true">
          ▾
        </span>
      </Button>
      <fieldset class="ls-beside ls-menu" id={id} ref={panel} popover="auto" aria-label={name}>
        {children(() => {
          panel.current?.hidePopover();
          button.current?.focus();
        })}
      </fieldset>
    </>
  );
}
