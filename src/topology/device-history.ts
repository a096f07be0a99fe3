// Which device a packet's ifindex means. A container that ends takes its veth pair along, and the last packets that
// crossed it arrive after the report in which it is gone: they are still named. The kernel hands out ifindexes in
// rising order (net/core/dev.c: dev_index_reserve), so an old one is not soon somebody else's.
import type { DeviceNode, Graph } from './graph.ts';

export class DeviceHistory {
  readonly #devices = new Map<string, DeviceNode>();
  readonly #capacity: number;

  /** Remembers this many devices of the machines' own namespaces, the longest unseen are forgotten first. */
  constructor(capacity = 1024) {
    this.#capacity = capacity;
  }

  record(graph: Graph): void {
    const roots = new Set(graph.namespaces.filter((namespace) => namespace.root).map((namespace) => namespace.id));
    for (const device of graph.devices) {
      if (!roots.has(device.namespace)) continue;
      const key = historyKey(device.machine, device.ifindex);
      this.#devices.delete(key);
      this.#devices.set(key, device);
    }
    for (const key of this.#devices.keys()) {
      if (this.#devices.size <= this.#capacity) break;
      this.#devices.delete(key);
    }
  }

  /** The device as it was last reported, here or gone; undefined when the kernel never told of it. */
  find(machine: string, ifindex: number): DeviceNode | undefined {
    return this.#devices.get(historyKey(machine, ifindex));
  }
}

const historyKey = (machine: string, ifindex: number): string => `${machine}/${ifindex}`;
