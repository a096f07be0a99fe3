// Undo for a network: moments of the whole lab that the reader keeps, and goes back to.

import { useState } from 'preact/hooks';
import type { Checkpoint, Lab } from '../../lab/lab.ts';
import { whyNot } from '../../machine/abilities.ts';
import { BusyLine } from '../ui/busy-line.tsx';
import { Button } from '../ui/button.tsx';
import { MenuButton } from '../ui/menu-button.tsx';
import { useSignalValue } from '../ui/use-signal-value.ts';
import { useUniqueId } from '../ui/use-unique-id.ts';
import './checkpoint-menu.css';

export function CheckpointMenu({ lab }: { readonly lab: Lab }) {
  const checkpoints = useSignalValue(lab.checkpoints);
  const [busy, setBusy] = useState('');
  const [said, setSaid] = useState('');
  const about = useUniqueId();
  const why = whyNot(lab.machines, 'checkpoint');

  async function work(doing: string, done: string, what: () => Promise<unknown>): Promise<void> {
    setBusy(doing);
    setSaid('');
    try {
      await what();
      setSaid(done);
    } catch (error) {
      setSaid(error instanceof Error ? error.message : String(error));
    }
    setBusy('');
  }

  const keep = (name: string): void => {
    void work('Keeping this moment', `Kept: ${name}.`, () => lab.checkpoint(name));
  };
  const goBack = (checkpoint: Checkpoint): void => {
    const { name } = checkpoint;
    void work(`Going back to ${name}`, `The lab is back at ${name}.`, () => lab.goBackTo(checkpoint));
  };

  return (
    <MenuButton label="Checkpoints" name="Checkpoints" size="normal">
      {() => (
        <>
          <form
            class="cp-form"
            onSubmit={(event) => {
              event.preventDefault();
              const input = event.currentTarget.elements.namedItem('name');
              const typed = input instanceof HTMLInputElement ? input.value.trim() : '';
              keep(typed || `Checkpoint ${checkpoints.length + 1}`);
              event.currentTarget.reset();
            }}
          >
            <input
              class="ls-field"
              name="name"
              type="text"
              maxLength={60}
              aria-label="Name of the checkpoint"
              placeholder={`Checkpoint ${checkpoints.length + 1}`}
              autocomplete="off"
              disabled={why !== ''}
            />
            <Button type="submit" whyNot={why || busy || undefined} aria-describedby={why === '' ? undefined : about}>
              Keep this moment
            </Button>
          </form>
          {checkpoints.length === 0 && (
            <p class="ls-menu-about" id={about}>
              {why || 'A checkpoint keeps all machines as they are now. You can go back to it whatever you break.'}
            </p>
          )}
          <ul class="cp-list" aria-label="Checkpoints">
            {checkpoints.toReversed().map((checkpoint) => (
              <li key={checkpoint.id}>
                <span class="cp-name">
                  {checkpoint.name}
                  <span class="ls-menu-about">{new Date(checkpoint.time).toLocaleTimeString('en-GB')}</span>
                </span>
                <Button
                  whyNot={busy || undefined}
                  aria-label={`Go back to ${checkpoint.name}`}
                  onClick={() => goBack(checkpoint)}
                >
                  Go back
                </Button>
                <Button
                  whyNot={busy || undefined}
                  aria-label={`Forget ${checkpoint.name}`}
                  onClick={() => lab.forget(checkpoint)}
                >
                  ×
                </Button>
              </li>
            ))}
          </ul>
          <p class="ls-menu-about" role="status">
            <BusyLine words={busy} />
            {busy === '' && said}
          </p>
        </>
      )}
    </MenuButton>
  );
}
