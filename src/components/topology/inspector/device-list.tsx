// The picture in words: every machine, namespace and device as a nested list, then the wires, with the lines between them
// written out.

import type { ComponentChildren } from 'preact';
import { isDown, KIND_WORD } from '../../../topology/device-words.ts';
import type { DeviceNode, Edge, Graph, NamespaceNode, WireNode } from '../../../topology/graph.ts';
import { networkWords } from '../../../topology/workload-words.ts';
import { namespaceLabel, tunnelLabel } from '../picture/node-label.ts';
import './device-list.css';

interface Props {
  readonly graph: Graph;
  readonly selected: string | null;
  /** Of a device or a wire. */
  readonly onSelect: (id: string) => void;
}

export function DeviceList({ graph, selected, onSelect }: Props) {
  if (graph.devices.length === 0)
    return <p class="ls-empty">No machine has reported yet. The list fills itself as soon as one does.</p>;
  return (
    <ul class="tp-list" onKeyDown={stepByArrow}>
      {graph.machines.map((machine) => (
        <li key={machine.id}>
          <h3 class="tp-list-machine">
            {machine.name} <span class="tp-word">machine</span>
          </h3>
          <ul>
            {graph.namespaces
              .filter((namespace) => namespace.machine === machine.id)
              .map((namespace) => (
                <NamespaceItem
                  key={namespace.id}
                  namespace={namespace}
                  graph={graph}
                  selected={selected}
                  onSelect={onSelect}
                />
              ))}
          </ul>
        </li>
      ))}
      {graph.wires.map((wire) => (
        <li key={wire.id}>
          <h3 class="tp-list-machine">
            {wire.name} <span class="tp-word">wire</span>
          </h3>
          <ul>
            <li>
              <DeviceButton device={wire} selected={selected} onSelect={onSelect}>
                <span class="tp-word">what it carries, loses and has learnt</span>
              </DeviceButton>
            </li>
            {pluggedInto(wire.id, graph).map((device) => (
              <li key={device.id}>
                <DeviceButton device={device} selected={selected} onSelect={onSelect}>
                  <span class="tp-word">of {device.machine}</span>
                  <span class="tp-list-addresses">{device.addresses.join('  ')}</span>
                </DeviceButton>
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}

interface ButtonProps extends Omit<Props, 'graph'> {
  readonly device: DeviceNode | WireNode;
  /** What is said of it beside its name. */
  readonly children: ComponentChildren;
}

function DeviceButton({ device, selected, onSelect, children }: ButtonProps) {
  return (
    <button
      type="button"
      class="tp-list-device"
      data-device={device.id}
      aria-pressed={selected === device.id}
      onClick={() => onSelect(device.id)}
    >
      <span class="tp-name">{device.name}</span>
      {children}
    </button>
  );
}

function pluggedInto(wire: string, graph: Graph): DeviceNode[] {
  const ends = new Set(
    graph.edges.filter(({ kind, target }) => kind === 'plug' && target === wire).map(({ source }) => source),
  );
  return graph.devices.filter(({ id }) => ends.has(id));
}

function NamespaceItem({ namespace, graph, selected, onSelect }: Props & { readonly namespace: NamespaceNode }) {
  const { name, word } = namespaceLabel(namespace);
  const routes = graph.routes.get(namespace.id) ?? [];
  return (
    <li>
      <h4 class="tp-list-namespace">
        {name} <span class="tp-word">{word}</span>
        {namespace.workloads.map(({ id, image }) =>
          image === undefined ? null : (
            <span class="tp-word" key={id}>
              image {image}
            </span>
          ),
        )}
      </h4>
      <ul>
        {graph.devices
          .filter((device) => device.namespace === namespace.id)
          .map((device) => (
            <li key={device.id}>
              <DeviceButton device={device} selected={selected} onSelect={onSelect}>
                <span class="tp-word">
                  {KIND_WORD[device.deviceKind]}
                  {device.network === undefined ? '' : `, ${networkWords(device)}`}, {isDown(device) ? 'down' : 'up'}
                </span>
                <span class="tp-list-addresses">
                  {device.addresses.length === 0 ? 'no address' : device.addresses.join('  ')}
                </span>
                <span class="tp-list-lines">{linesOf(device, graph).join('; ')}</span>
              </DeviceButton>
            </li>
          ))}
      </ul>
      {routes.length > 0 && (
        <ul class="tp-list-routes" aria-label={`Routes of ${name}`}>
          {routes.map((route) => (
            <li key={`${route.dst} ${route.dev ?? ''} ${route.metric ?? ''}`}>
              {route.dst}
              {route.gateway === undefined ? '' : ` via ${route.gateway}`}
              {route.dev === undefined ? '' : ` dev ${route.dev}`}
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

/** "port of docker0", "pair with eth0 in web": the edges of the picture. */
function linesOf(device: DeviceNode, graph: Graph): string[] {
  const nameOf = (id: string): string => {
    const other = graph.devices.find((candidate) => candidate.id === id);
    const namespace = graph.namespaces.find((candidate) => candidate.id === other?.namespace);
    if (other === undefined) return id;
    return other.namespace === device.namespace || namespace === undefined
      ? other.name
      : `${other.name} in ${namespaceLabel(namespace).name}`;
  };
  const ports: string[] = [];
  const lines: string[] = [];
  for (const edge of graph.edges) {
    if (edge.kind === 'port' && edge.source === device.id) lines.push(`port of ${nameOf(edge.target)}`);
    else if (edge.kind === 'port' && edge.target === device.id) ports.push(nameOf(edge.source));
    else if (edge.kind === 'veth' && edge.source === device.id) lines.push(`pair with ${nameOf(edge.target)}`);
    else if (edge.kind === 'veth' && edge.target === device.id) lines.push(`pair with ${nameOf(edge.source)}`);
    else if (edge.kind === 'plug' && edge.source === device.id)
      lines.push(`plugged into the wire ${graph.wires.find(({ id }) => id === edge.target)?.name ?? edge.target}`);
    else if (edge.kind === 'tunnel' && (edge.source === device.id || edge.target === device.id))
      lines.push(`tunnel, ${tunnelLabel(edge, graph)}, to ${farEnd(edge, device, graph)}`);
  }
  if (device.deviceKind === 'bridge') lines.push(ports.length === 0 ? 'no ports' : `ports: ${ports.join(', ')}`);
  return lines;
}

/** "flannel.1 on kube-worker-02" */
function farEnd({ source, target }: Edge, device: DeviceNode, graph: Graph): string {
  const other = graph.devices.find(({ id }) => id === (source === device.id ? target : source));
  return other === undefined ? target : `${other.name} on ${other.machine}`;
}

/** Up and down go from device to device; every one of them is a tab stop as well. */
function stepByArrow(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined || !(event.currentTarget instanceof HTMLElement)) return;
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>('.tp-list-device')];
  const at = buttons.findIndex((button) => button.matches(':focus'));
  if (at < 0) return;
  event.preventDefault();
  buttons[at + step]?.focus();
}
