// What a running lab shows: picture, packets and terminals. Imported when the reader presses Start, so that a page that
// is only read pays for none of it.
import { h, render } from 'preact';
import type { Lab } from '../../lab/lab.ts';
import { PacketsPanel } from '../packets/packets-panel.tsx';
import { TerminalPanel } from '../terminal/terminal-panel.ts';
import { TopologyPanel } from '../topology/topology-panel.tsx';

export interface PanelHosts {
  readonly picture: HTMLElement;
  readonly terminal: HTMLElement;
  readonly packets: HTMLElement;
}

export interface Panels {
  /** Brings a machine's first terminal to the front. */
  showTerminal(machine: string): void;
  /** Empty terminals over the consoles of a lab that was reset. */
  renewTerminals(): Promise<void>;
  dispose(): void;
}

export async function mountPanels(lab: Lab, hosts: PanelHosts): Promise<Panels> {
  render(h(TopologyPanel, { lab }), hosts.picture);
  render(h(PacketsPanel, { lab }), hosts.packets);
  let terminals = await TerminalPanel.open(lab, hosts.terminal);
  return {
    showTerminal: (machine) => terminals.show(machine),
    async renewTerminals() {
      terminals.dispose();
      terminals = await TerminalPanel.open(lab, hosts.terminal);
    },
    dispose() {
      render(null, hosts.picture);
      render(null, hosts.packets);
      terminals.dispose();
    },
  };
}
