// The machines of a lab that has several: the state of each, and a menu of what can be done with it.
import { useRef, useState } from 'preact/hooks';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../machine/machine.ts';
import { BusyLine } from '../ui/busy-line.tsx';
import { Button } from '../ui/button.tsx';
import { MenuButton } from '../ui/menu-button.tsx';
import { useSignalValue } from '../ui/use-signal-value.ts';
import { actionsFor, type MachineAction, machineNote, machineWord } from './machine-words.ts';
import './machine-bar.css';

interface Props {
  readonly lab: Lab;
  /** Shows this machine alone; null: all of them. Left out where there is no picture. */
  readonly onNear?: ((machine: string | null) => void) | undefined;
  readonly near: string | null;
  readonly onTerminal: (machine: string) => void;
  /** Its terminals show what is over. */
  readonly onReset: (machine: string) => void;
}

export function MachineBar({ lab, near, onNear, onTerminal, onReset }: Props) {
  const [said, setSaid] = useState('');
  const [busy, setBusy] = useState('');
  return (
    <fieldset class="mb" aria-label="Machines">
      {lab.machines.map((machine) => (
        <MachineMenu
          key={machine.name}
          lab={lab}
          machine={machine}
          near={near}
          onNear={onNear}
          onTerminal={onTerminal}
          onReset={onReset}
          onSay={setSaid}
          onBusy={setBusy}
        />
      ))}
      <BusyLine words={busy} />
      <p class="sr-only" aria-live="polite">
        {said}
      </p>
    </fieldset>
  );
}

const doing: Readonly<Record<MachineAction['name'], (machine: string) => string>> = {
  pull: (machine) => `Pulling the cable of ${machine}`,
  plug: (machine) => `Plugging the cable of ${machine} in`,
  on: (machine) => `Switching ${machine} on`,
  off: (machine) => `Switching ${machine} off`,
  reboot: (machine) => `Restarting ${machine}`,
  reset: (machine) => `Resetting ${machine}`,
};

interface MenuProps extends Props {
  readonly machine: Machine;
  readonly onSay: (words: string) => void;
  /** What is under way; "" when it is over. */
  readonly onBusy: (words: string) => void;
}

function MachineMenu({ lab, machine, near, onNear, onTerminal, onReset, onSay, onBusy }: MenuProps) {
  const { name } = machine;
  const state = useSignalValue(machine.state);
  const cable = useSignalValue(lab.cables).get(name);
  const dialog = useRef<HTMLDialogElement>(null);
  const reported = useSignalValue(machine.kernel) !== null;
  const note = machineNote({ state, cable, reported });
  const actions = actionsFor(machine, state, cable);

  async function act(action: MachineAction['name']): Promise<void> {
    onBusy(doing[action](name));
    try {
      if (action === 'pull' || action === 'plug') lab.setCable(name, action === 'plug');
      else if (action === 'on') await lab.startMachine(name);
      else if (action === 'off') await machine.powerOff();
      else if (action === 'reboot') await machine.reboot();
      else {
        await lab.resetMachine(name);
        onReset(name);
      }
      const facts = {
        state: machine.state.peek(),
        cable: lab.cables.peek().get(name),
        reported: machine.kernel.peek() !== null,
      };
      onSay(`${name}: ${machineNote(facts) || 'running'}.`);
    } catch (error) {
      onSay(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    onBusy('');
  }

  return (
    <>
      <MenuButton
        name={`${name}, ${machineWord(state)}`}
        class="mb-machine"
        label={
          <>
            <span
              class="ls-lamp"
              data-state={cable === false && state.kind === 'running' ? 'pulled' : state.kind}
              aria-hidden="true"
            />
            {name}
            {note !== '' && <span class="sr-only">, {note}</span>}
          </>
        }
      >
        {(close) => (
          <>
            {onNear !== undefined && (
              <Item
                label={near === name ? 'Show all machines' : 'Show it alone'}
                onPress={() => {
                  close();
                  onNear(near === name ? null : name);
                }}
              />
            )}
            <Item
              label="Its terminal"
              whyNot={machine.consoles.length === 0 ? `${name} has no terminal.` : ''}
              onPress={() => {
                close();
                onTerminal(name);
              }}
            />
            {actions.map((action) => (
              <Item
                key={action.name}
                label={action.label}
                about={action.about}
                whyNot={action.whyNot}
                onPress={() => {
                  close();
                  if (action.name === 'reset') dialog.current?.showModal();
                  else void act(action.name);
                }}
              />
            ))}
            {note !== '' && <p class="ls-menu-about">Now: {note}.</p>}
            {state.kind === 'frozen' && <p class="ls-menu-about">Time stands still. Press Go on to do more with it.</p>}
            {state.kind === 'loading' && <p class="ls-menu-about">It is starting: {state.step}.</p>}
            {state.kind === 'failed' && <p class="ls-menu-about">{state.message}</p>}
          </>
        )}
      </MenuButton>
      <dialog
        class="ls-dialog"
        ref={dialog}
        aria-label={`Reset ${name}`}
        onClose={() => {
          if (dialog.current?.returnValue === 'reset') void act('reset');
          if (dialog.current !== null) dialog.current.returnValue = '';
        }}
      >
        <h2>Reset {name}?</h2>
        <p>
          It goes back to how it was at the start; the other machines go on. Its containers, its files and everything
          typed into it since then are gone, and so are the checkpoints of the lab.
        </p>
        <form method="dialog">
          <Button type="submit" look="primary" size="large" value="reset">
            Reset {name}
          </Button>
          <Button type="submit" size="normal" value="">
            Keep it
          </Button>
        </form>
      </dialog>
    </>
  );
}

interface ItemProps {
  readonly label: string;
  readonly about?: string;
  /** Why it cannot be pressed; "" when it can. */
  readonly whyNot?: string;
  readonly onPress: () => void;
}

const Item = ({ label, about, whyNot, onPress }: ItemProps) => (
  <Button look="menu" whyNot={whyNot || undefined} onClick={onPress}>
    {label}
    {(whyNot || about) && <span class="ls-menu-about">{whyNot || about}</span>}
  </Button>
);
