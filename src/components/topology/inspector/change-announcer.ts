// Says what changed in the network, politely: once things have come to rest, so that a container that appears with its
// address a moment later is one sentence, not four.
import { effect, type ReadonlySignal, signal } from '@preact/signals';
import { describeChanges } from '../../../topology/describe-changes.ts';
import type { Graph } from '../../../topology/graph.ts';

const REST = 700;
/** In a network that never rests something is said all the same. */
const AT_LATEST = 3000;
const MOST = 4;

export interface Announcer {
  /** The latest sentence, for an aria-live region. */
  readonly sentence: ReadonlySignal<string>;
  dispose(): void;
}

export function announceChanges(graph: ReadonlySignal<Graph>): Announcer {
  const sentence = signal('');
  let told = graph.peek();
  let waitingSince = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (): void => {
    waitingSince = 0;
    const now = graph.peek();
    const lines = told.devices.length === 0 ? [firstSentence(now)] : describeChanges(told, now);
    told = now;
    const rest = lines.length - MOST;
    if (lines.length > 0)
      sentence.value = `${lines.slice(0, MOST).join('. ')}${rest > 0 ? `. And ${rest} more changes` : ''}.`;
  };
  const stop = effect(() => {
    if (graph.value === told) return;
    waitingSince ||= Date.now();
    clearTimeout(timer);
    timer = setTimeout(tell, Math.max(0, Math.min(REST, waitingSince + AT_LATEST - Date.now())));
  });
  return {
    sentence,
    dispose() {
      stop();
      clearTimeout(timer);
    },
  };
}

function firstSentence(graph: Graph): string {
  const inner = graph.namespaces.filter((namespace) => !namespace.root).length;
  return `The picture shows ${graph.machines.map((machine) => machine.name).join(', ')}: ${graph.devices.length} devices, ${inner} further namespaces`;
}
