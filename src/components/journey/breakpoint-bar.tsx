// Where time is to stop: a display filter, at one device or anywhere; once (run to it), or each time.

import { useState } from 'preact/hooks';
import { placeOf } from '../../hop/hop.ts';
import type { Lab } from '../../lab/lab.ts';
import type { TimeControl, TimeState } from '../../lab/time-control.ts';
import { compileFilter, pointAt } from '../../packet/filter/compile.ts';
import { complete } from '../../packet/filter/complete.ts';
import { Button } from '../ui/button.tsx';
import { useSignalValue } from '../ui/use-signal-value.ts';
import { useUniqueId } from '../ui/use-unique-id.ts';
import './breakpoint-bar.css';

interface Props {
  readonly lab: Lab;
  readonly time: TimeControl;
  readonly state: TimeState;
}

export function BreakpointBar({ lab, time, state }: Props) {
  const graph = useSignalValue(lab.graph);
  const [text, setText] = useState('');
  const [device, setDevice] = useState('');
  const [asked, setAsked] = useState(false);
  const id = useUniqueId();
  const compiled = compileFilter(text);
  // While it is being typed a filter is nearly always wrong: that is said when it is used.
  const error = asked && !compiled.ok ? compiled.error : null;
  const roots = new Set(graph.namespaces.filter(({ root }) => root).map((namespace) => namespace.id));
  const places = [
    ...lab.wires.map(({ name }) => `wire/${name}`),
    ...graph.devices.filter(({ namespace }) => roots.has(namespace)).map(({ machine, name }) => `${machine}/${name}`),
  ];
  const place = device === '' ? null : device;

  function add(): void {
    setAsked(true);
    if (text.trim() !== '' && time.addBreakpoint(text.trim(), place).ok) {
      setText('');
      setAsked(false);
    }
  }

  async function runTo(): Promise<void> {
    setAsked(true);
    if ((await time.runUntil(text, place)) === null) setAsked(false);
  }

  return (
    <div class="jn-breaks">
      <form
        class="jn-break"
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <input
          type="text"
          class="ls-field jn-filter"
          aria-label="Stop time at packets that match this display filter"
          aria-invalid={error !== null}
          aria-describedby={error === null ? undefined : `${id}-error`}
          placeholder="icmp.type == 0"
          list={`${id}-list`}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setAsked(false);
          }}
        />
        <datalist id={`${id}-list`}>
          {completions(text).map(({ value, about }) => (
            <option key={value} value={value}>
              {about}
            </option>
          ))}
        </datalist>
        <select
          class="ls-field jn-device"
          aria-label="Where"
          value={device}
          onChange={(event) => setDevice(event.currentTarget.value)}
        >
          <option value="">anywhere</option>
          {places.map((name) => (
            <option key={name} value={name}>
              at {lab.machines.length > 1 ? name : name.replace(/^[^/]+\//, '')}
            </option>
          ))}
        </select>
        <Button type="submit">Add breakpoint</Button>
        <Button onClick={() => void runTo()}>Run to it once</Button>
      </form>
      {error !== null && (
        <div class="jn-error" role="alert" id={`${id}-error`}>
          <pre>{pointAt(text, error)}</pre>
          <p>{error.message}</p>
        </div>
      )}
      {state.breakpoints.length > 0 && (
        <ul class="jn-list" aria-label="Breakpoints">
          {state.breakpoints.map((breakpoint) => (
            <li key={breakpoint.id} class={breakpoint.id === state.stoppedBy ? 'jn-stopped' : undefined}>
              <code>{breakpoint.text}</code>{' '}
              {breakpoint.device !== null && <span class="jn-soft">at {breakpoint.device} </span>}
              <span class="jn-soft">
                {breakpoint.hits === 0
                  ? 'not hit yet'
                  : `hit ${breakpoint.hits === 1 ? 'once' : `${breakpoint.hits} times`}`}
                {breakpoint.id === state.stoppedBy && ', time stopped here'}
              </span>{' '}
              <Button
                aria-label={`Remove the breakpoint ${breakpoint.text}`}
                onClick={() => time.removeBreakpoint(breakpoint.id)}
              >
                ×
              </Button>
            </li>
          ))}
        </ul>
      )}
      {state.steps.at !== null && text === '' && state.breakpoints.length === 0 && (
        <p class="jn-soft">
          A filter as in Wireshark, in which <code>{placeOf(state.steps.at)}</code> is a frame.interface_name.
        </p>
      )}
    </div>
  );
}

/** The whole line as it would be, for a list that browsers draw under it. */
function completions(text: string): { value: string; about: string }[] {
  if (text.trim() === '') return [];
  return complete(text, text.length)
    .slice(0, 12)
    .map(({ insert, at, length, about }) => ({ value: text.slice(0, at) + insert + text.slice(at + length), about }));
}
