// One device, as its kernel tells of it now: read when it is opened and when the reader asks again.

import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Counters, type Inspection, readInspection } from '../../../guest/ask/inspect-answer.ts';
import { inspectCommand, readSections, type Section } from '../../../guest/ask/inspect-command.ts';
import type { Lab } from '../../../lab/lab.ts';
import { whyNot } from '../../../machine/abilities.ts';
import { isDown, KIND_WORD } from '../../../topology/device-words.ts';
import type { Graph } from '../../../topology/graph.ts';
import { inNamespace } from '../../../topology/workload-words.ts';
import { BusyLine } from '../../ui/busy-line.tsx';
import { Button } from '../../ui/button.tsx';
import { useUniqueId } from '../../ui/use-unique-id.ts';
import { firstMention, showMention } from '../prose-links.ts';
import { InspectorFrame } from './inspector-frame.tsx';

interface Props {
  readonly lab: Lab;
  readonly graph: Graph;
  readonly deviceId: string;
  readonly onClose: () => void;
}

type Reading =
  | { readonly kind: 'loading'; readonly last: Inspection | null }
  | { readonly kind: 'read'; readonly inspection: Inspection; readonly at: Date; readonly ms: number }
  | { readonly kind: 'failed'; readonly message: string };

export function Inspector({ lab, graph, deviceId, onClose }: Props) {
  const device = graph.devices.find((candidate) => candidate.id === deviceId);
  const namespace = graph.namespaces.find((candidate) => candidate.id === device?.namespace);
  const [reading, setReading] = useState<Reading>({ kind: 'loading', last: null });
  const [round, setRound] = useState(0);
  const gone = device === undefined;
  const machine = lab.machines.find(({ name }) => name === device?.machine);
  // What the device is, its kernel has reported; the rest it would have to be asked.
  const mute = machine === undefined ? '' : whyNot([machine], 'exec');
  const why = useUniqueId();

  // Read anew for another device or on demand, not for every change of the graph: that would be a command a second.
  useEffect(() => {
    if (device === undefined || namespace === undefined || mute !== '') return;
    const ending = new AbortController();
    setReading((was) => ({ kind: 'loading', last: was.kind === 'read' && round > 0 ? was.inspection : null }));
    if (machine === undefined) {
      setReading({ kind: 'failed', message: `The lab has no machine ${device.machine} to ask.` });
      return;
    }
    machine.exec(inspectCommand(device, namespace), { timeout: 15_000, signal: ending.signal }).then(
      (result) => {
        if (ending.signal.aborted) return;
        const sections = readSections(result.stdout);
        if (sections.size === 0) {
          const said = result.stderr.trim() || result.stdout.trim() || `exit status ${result.exitCode}`;
          const why = result.exitCode === 124 ? 'it did not answer within 15 s' : said;
          setReading({ kind: 'failed', message: `${device.machine} could not be asked about ${device.name}: ${why}` });
        } else
          setReading({ kind: 'read', inspection: readInspection(device, sections), at: new Date(), ms: result.ms });
      },
      (error: unknown) => {
        if (ending.signal.aborted) return;
        setReading({
          kind: 'failed',
          message: `${device.machine} could not be asked about ${device.name}: ${error instanceof Error ? error.message : String(error)}`,
        });
      },
    );
    return () => ending.abort();
  }, [lab, deviceId, round, gone]);

  const mention = device === undefined ? undefined : firstMention(device.name);
  return (
    <InspectorFrame
      about={deviceId}
      label={device === undefined ? 'Device' : `Device ${device.name}`}
      title={device?.name ?? 'Gone'}
      word={
        device === undefined
          ? ''
          : `${KIND_WORD[device.deviceKind]}, ${isDown(device) ? 'down' : 'up'}, ${
              namespace?.root === false ? `in ${inNamespace(namespace)}` : `on ${device.machine}`
            }`
      }
      busy={mute === '' && reading.kind === 'loading'}
      tools={
        <>
          {mention !== undefined && (
            <Button title="Where the text first speaks of it" onClick={() => showMention(mention)}>
              In the text
            </Button>
          )}
          <Button
            onClick={() => setRound(round + 1)}
            busy={!gone && mute === '' && reading.kind === 'loading'}
            whyNot={gone ? 'The device is gone.' : mute || undefined}
            aria-describedby={mute === '' ? undefined : why}
          >
            Refresh
          </Button>
        </>
      }
      onClose={onClose}
    >
      {gone ? (
        <p class="ls-empty">This device no longer exists in the kernel.</p>
      ) : mute !== '' ? (
        <p class="ls-empty" id={why}>
          {mute}
        </p>
      ) : reading.kind === 'failed' ? (
        <div class="ls-failure" role="alert">
          <p>{reading.message}</p>
          <Button onClick={() => setRound(round + 1)}>Try again</Button>
        </div>
      ) : reading.kind === 'loading' && reading.last === null ? (
        <p class="ls-empty" role="status">
          <BusyLine words={`Asking ${device.machine}`} />
        </p>
      ) : (
        <Answers
          inspection={reading.kind === 'read' ? reading.inspection : (reading.last as Inspection)}
          showFdb={device.deviceKind !== 'loopback'}
        />
      )}
      {reading.kind === 'read' && !gone && (
        <p class="tp-read-at">
          Read at {reading.at.toLocaleTimeString()} in {Math.round(reading.ms)} ms.
        </p>
      )}
    </InspectorFrame>
  );
}

function Answers({ inspection, showFdb }: { readonly inspection: Inspection; readonly showFdb: boolean }) {
  const { failures } = inspection;
  return (
    <>
      <Part
        title="Addresses"
        section="link"
        failures={failures}
        lines={inspection.addresses}
        empty="It has no address."
      />
      <dl class="tp-facts">
        {inspection.facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {inspection.received !== null && inspection.sent !== null && (
        <CounterTable received={inspection.received} sent={inspection.sent} />
      )}
      <Part
        title="Neighbours"
        section="neighbours"
        failures={failures}
        lines={inspection.neighbours}
        empty="It has resolved no neighbour (no ARP entry)."
      />
      {showFdb && (
        <Part
          title="Forwarding database"
          section="fdb"
          failures={failures}
          lines={inspection.fdb}
          empty="No MAC address is known behind it."
        />
      )}
      <Part
        title="Routes"
        section="routes"
        failures={failures}
        lines={inspection.routes}
        empty="No route leads through it."
      />
      <Part
        title="Firewall and NAT rules"
        section="iptables"
        failures={failures}
        empty="No rule names it or its subnet."
      >
        {inspection.rules.length > 0 && (
          <ul class="tp-lines">
            {inspection.rules.map((rule, index) => (
              <li key={`${index} ${rule.where} ${rule.rule}`}>
                <span class="tp-rule-where">{rule.where}</span> {rule.rule}
                {rule.packets !== null && (
                  <span class="tp-rule-count">
                    {rule.packets.toLocaleString('en')} packets, {rule.bytes?.toLocaleString('en')} bytes
                  </span>
                )}
              </li>
            ))}
          </ul>
        )}
      </Part>
    </>
  );
}

interface PartProps {
  readonly title: string;
  readonly section: Section;
  readonly failures: ReadonlyMap<Section, string>;
  readonly lines?: readonly string[];
  readonly empty: string;
  readonly children?: ComponentChildren;
}

function Part({ title, section, failures, lines = [], empty, children }: PartProps) {
  const failure = failures.get(section);
  return (
    <section class="tp-part">
      <h4>{title}</h4>
      {failure !== undefined && <p class="ls-failure">Could not be read: {failure}</p>}
      {lines.length > 0 && (
        <ul class="tp-lines">
          {lines.map((line, index) => (
            <li key={`${index} ${line}`}>{line}</li>
          ))}
        </ul>
      )}
      {children}
      {failure === undefined && lines.length === 0 && !children && <p class="ls-empty">{empty}</p>}
    </section>
  );
}

function CounterTable({ received, sent }: { readonly received: Counters; readonly sent: Counters }) {
  const rows = [
    ['Received', received],
    ['Sent', sent],
  ] as const;
  return (
    <table class="tp-counters">
      <thead>
        <tr>
          <th scope="col">Counters</th>
          <th scope="col">packets</th>
          <th scope="col">bytes</th>
          <th scope="col">errors</th>
          <th scope="col">dropped</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, counters]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {[counters.packets, counters.bytes, counters.errors, counters.dropped].map((count, index) => (
              <td key={['packets', 'bytes', 'errors', 'dropped'][index]}>{count.toLocaleString('en')}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
