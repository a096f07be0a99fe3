// What the inspectors of devices and of wires have in common: a panel that takes the focus when it opens on something else, has a
// name, and goes with Escape.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Button } from '../../ui/button.tsx';
import './inspector.css';

interface Props {
  /** What it is about: another one takes the focus anew. */
  readonly about: string;
  /** For those who listen: "Device docker0". */
  readonly label: string;
  readonly title: string;
  /** Beside the title: of what kind it is, and how it is. */
  readonly word: ComponentChildren;
  readonly busy?: boolean;
  /** Buttons before Close. */
  readonly tools?: ComponentChildren;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function InspectorFrame({ about, label, title, word, busy = false, tools, onClose, children }: Props) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current?.focus({ preventScroll: true }), [about]);
  return (
    <section
      class="tp-inspector"
      aria-label={label}
      tabIndex={-1}
      ref={panel}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onClose();
      }}
    >
      <header class="tp-inspector-head">
        <h3>
          <span class="tp-name">{title}</span>
          {word !== '' && <span class="tp-word">{word}</span>}
        </h3>
        {tools}
        <Button onClick={onClose} aria-label="Close the inspector">
          Close
        </Button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be within reach of the keyboard */}
      <div class="tp-inspector-body" tabIndex={0} aria-busy={busy}>
        {children}
      </div>
    </section>
  );
}
