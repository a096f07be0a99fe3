// What a step did, in a sentence: for the line under the picture, and for those who listen to the page.
import { type Hop, WIRE } from '../hop/hop.ts';
import type { Machine } from '../machine/machine.ts';
import { summarize } from '../packet/summary.ts';
import type { Shown } from '../wire/stepper.ts';

/** "in at docker0", "out at host-01/veth1", "on the wire lan". The machine is named where there are several. */
export function whereWords(hop: Hop, severalMachines: boolean): string {
  if (hop.machine === WIRE) return `on the wire ${hop.device}`;
  return `${hop.direction} at ${severalMachines ? `${hop.machine}/${hop.device}` : hop.device}`;
}

/** "ARP: Who has 172.17.0.2? Tell 172.17.0.3" */
export function packetWords({ bytes, linkType, originalLength }: Hop): string {
  const { protocol, info } = summarize(bytes, linkType, originalLength);
  return `${protocol}: ${info}`;
}

/** Where the packet is now: whether it stands there, or has gone on and is looked back at. */
export function shownAsWords({ shownAs, ranPast }: Pick<Shown<Hop>, 'shownAs' | 'ranPast'>, frozen: boolean): string {
  if (shownAs === 'held') return 'Held here until the next step.';
  if (ranPast <= 0) return frozen ? 'The last sighting before time stopped.' : 'The newest sighting.';
  return `A look back: ${ranPast.toLocaleString('en')} more ${ranPast === 1 ? 'sighting' : 'sightings'} since.`;
}

export function shownWords(
  shown: Shown<Hop>,
  { frozen, severalMachines }: { frozen: boolean; severalMachines: boolean },
): string {
  const { hop, position } = shown;
  return `Step ${position.toLocaleString('en')}: ${packetWords(hop)}, ${whereWords(hop, severalMachines)}. ${shownAsWords(shown, frozen)}`;
}

/** Said of a packet's end while these machines have not been asked of it: "" when none of them can be. */
export function askedLater(machines: readonly Pick<Machine, 'name' | 'state'>[]): string {
  const those = (...kinds: string[]): string[] =>
    machines.filter(({ state }) => kinds.includes(state.value.kind)).map(({ name }) => name);
  const [running, standing, starting] = [those('running'), those('frozen'), those('loading')];
  if (running.length > 0) return `What ${list(running)} knows of it is being asked.`;
  if (standing.length > 0) return `What ${list(standing)} knows of it is asked when time goes on.`;
  return starting.length > 0 ? `What ${list(starting)} knows of it is asked when it has started.` : '';
}

const list = (names: readonly string[]): string => names.join(', ').replace(/, ([^,]*)$/, ' or $1');
