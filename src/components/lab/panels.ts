// What a running lab shows: picture, packets and terminals. Imported when the reader presses Start, so that a page that
// is only read pays for none of it.
import { computed, signal } from '@preact/signals';
import { h, render } from 'preact';
import type { Hop } from '../../hop/hop.ts';
import type { Lab } from '../../lab/lab.ts';
import { TimeControl } from '../../lab/time-control.ts';
import { JourneyPanel } from '../journey/journey-panel.tsx';
import { hopLookedAt, shownHop } from '../journey/looking.ts';
import { CheckpointMenu } from '../machines/checkpoint-menu.tsx';
import { PacketsPanel } from '../packets/packets-panel.tsx';
import { TerminalPanel } from '../terminal/terminal-panel.ts';
import { TopologyPanel } from '../topology/topology-panel.tsx';
import { type CommandRequest, commandSeenEvent } from '../ui/command-request.ts';
import type { ShownWay } from '../ui/shown-hop.ts';
import { isAway } from './lab-place.ts';
import { LabRuns } from './lab-runs.ts';

export interface PanelHosts {
  readonly picture: HTMLElement;
  readonly terminal: HTMLElement;
  readonly packets: HTMLElement;
  /** In the toolbar. */
  readonly undo: HTMLElement;
}

export interface Panels {
  readonly time: TimeControl;
  /** Brings one of a machine's terminals to the front, counted from 1. */
  showTerminal(machine: string, terminal: number): void;
  /** Types a command of the prose, as soon as it can be. */
  run(request: CommandRequest): void;
  /** Empty terminals over the consoles of a lab that was reset; what was said of commands is void. */
  renewTerminals(): void;
  dispose(): void;
}

/** Dispatched on the picture's pane, once in each frame in which hops are first drawn; its detail is those hops. */
export const drawnEvent = 'lockstep:drawn';

declare global {
  interface HTMLElementEventMap {
    [drawnEvent]: CustomEvent<readonly Hop[]>;
  }
}

export interface PanelWishes {
  /** The reader wants to see a machine's terminal. */
  onTerminal(machine: string): void;
  /** The picture is to have all the room of the lab, or to give it back. */
  onMaximise(): void;
}

export async function mountPanels(lab: Lab, hosts: PanelHosts, wishes: PanelWishes): Promise<Panels> {
  const time = new TimeControl(lab);
  const way = signal<ShownWay | null>(null);
  const onWay = (next: ShownWay | null): void => {
    way.value = next;
  };
  const picture = h(TopologyPanel, {
    lab,
    onDrawn: tellDrawn(hosts.picture),
    shown: shownHop(time),
    way,
    dropped: time.journeys.dropped,
    ...wishes,
    onReset: (machine) => {
      terminals.renew(machine);
      runs.clear(machine);
    },
  });
  render(h('div', { class: 'jn-frame' }, picture, h(JourneyPanel, { lab, time, onWay })), hosts.picture);
  // The packet that is selected in the list is the one that picture and steps show, and the other way round.
  const looked = computed(() => hopLookedAt(time.state.value)?.n ?? 0);
  const onSelect = (hop: Hop | null): void => {
    if (hop !== null && hop.n !== looked.peek()) time.showHop(hop.n);
  };
  render(h(PacketsPanel, { lab, journeys: time.journeys, tracing: time.tracing, onSelect, looked }), hosts.packets);
  render(h(CheckpointMenu, { lab }), hosts.undo);
  const terminals = await TerminalPanel.open(lab, hosts.terminal);
  const runs = new LabRuns(lab, {
    typed: (machine, terminal) => terminals.show(machine, terminal - 1),
    seen(detail) {
      // The blocks of a page are of its own lab.
      if (!isAway(hosts.terminal))
        document.dispatchEvent(new CustomEvent(commandSeenEvent, { detail, cancelable: true }));
    },
    show(machine, terminal, since) {
      wishes.onTerminal(machine);
      terminals.showCommand(machine, terminal, since);
    },
  });
  return {
    time,
    showTerminal: (machine, terminal) => terminals.show(machine, terminal - 1),
    run: (request) => runs.run(request),
    renewTerminals() {
      terminals.renew();
      runs.clear();
    },
    dispose() {
      render(null, hosts.picture);
      render(null, hosts.packets);
      render(null, hosts.undo);
      time.dispose();
      runs.dispose();
      terminals.dispose();
    },
  };
}

function tellDrawn(pane: HTMLElement): (hop: Hop) => void {
  let drawn: Hop[] = [];
  const tell = (): void => {
    const detail = drawn;
    drawn = [];
    pane.dispatchEvent(new CustomEvent(drawnEvent, { detail }));
  };
  // In a burst a frame draws thousands: one event for them all, when the frame's callback has ended.
  return (hop) => {
    if (drawn.push(hop) === 1) queueMicrotask(tell);
  };
}
