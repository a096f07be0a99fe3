// What container runtimes say of what they run -> workloads. The one place that knows Docker's JSON and CRI's.
import { type Check, type Fields, list, name, object, optional } from '../basics/json-checks.ts';
import { visible } from '../basics/visible.ts';
import type { KernelBridge, KernelWorkload } from './kernel-report.ts';

/** Reads each item for itself, and leaves out those that `item` refuses. */
export type Each = <T>(value: unknown, path: string, item: Check<T>) => T[];
/** The inode of the network namespace that the container with this id has a process in; 0 when it has none. */
type NetOf = (id: string) => number;

const MOST_LABELS = 32;
const LONGEST_LABEL = 256;

/** { containers: what GET /containers/json answers } (Docker Engine API 1.41). */
export function dockerWorkloads({ containers }: Fields, each: Each, netOf: NetOf): KernelWorkload[] {
  return each(containers, 'docker.containers', (value, path) => {
    const from = object(value, path);
    const id = shown(from.Id, `${path}.Id`);
    const [first = id.slice(0, 12)] = list(from.Names ?? [], `${path}.Names`, 100, shown);
    return {
      id,
      name: first.replace(/^\//, ''),
      kind: 'container',
      runtime: 'docker',
      state: shown(from.State, `${path}.State`),
      image: shown(from.Image, `${path}.Image`),
      labels: labels(from.Labels),
      namespaces: { net: netOf(id) },
    };
  });
}

/** { networks: what GET /networks answers }. Docker calls a network's bridge "br-" and its id, if it is not told otherwise. */
export function dockerBridges({ networks }: Fields, each: Each): KernelBridge[] {
  return each(networks, 'docker.networks', (value, path) => {
    const from = object(value, path);
    const options = object(from.Options ?? {}, `${path}.Options`);
    const { device } = optional({ device: options['com.docker.network.bridge.name'] }, 'device', path, shown);
    return {
      device: device ?? `br-${shown(from.Id, `${path}.Id`).slice(0, 12)}`,
      name: shown(from.Name, `${path}.Name`),
      by: 'docker',
    };
  });
}

/**
 * { pods: what `crictl pods -o json` prints, containers: `crictl ps -o json` }: CRI's ListPodSandboxResponse and
 * ListContainersResponse (k8s.io/cri-api, runtime/v1/api.proto).
 */
export function criWorkloads({ pods, containers }: Fields, each: Each, netOf: NetOf): KernelWorkload[] {
  const of = (value: unknown, key: string): unknown => (value === undefined ? [] : object(value, `cri.${key}`)[key]);
  const some = (value: unknown, key: string, path: string, item: Check<KernelWorkload>): KernelWorkload[] =>
    each([value], path, (one) => each(of(one, key), path, item)).flat();
  return [
    ...some(pods, 'items', 'cri.pods', (value, path) => {
      const from = object(value, path);
      const id = shown(from.id, `${path}.id`);
      const metadata = object(from.metadata, `${path}.metadata`);
      const { namespace } = optional(metadata, 'namespace', `${path}.metadata`, shown);
      const called = shown(metadata.name, `${path}.metadata.name`);
      const state = shown(from.state, `${path}.state`);
      return {
        id,
        name: namespace === undefined ? called : `${namespace}/${called}`,
        kind: 'pod',
        runtime: 'cri',
        state: state === 'SANDBOX_READY' ? 'running' : 'not ready',
        labels: labels(from.labels),
        namespaces: { net: netOf(id) },
      };
    }),
    ...some(containers, 'containers', 'cri.containers', (value, path) => {
      const from = object(value, path);
      const id = shown(from.id, `${path}.id`);
      const image = object(from.image ?? {}, `${path}.image`);
      return {
        id,
        name: shown(object(from.metadata, `${path}.metadata`).name, `${path}.metadata.name`),
        kind: 'container',
        runtime: 'cri',
        state: shown(from.state, `${path}.state`).replace('CONTAINER_', '').toLowerCase(),
        ...optional(image, 'image', path, shown),
        labels: labels(from.labels),
        namespaces: { net: netOf(id) },
      };
    }),
  ];
}

const shown: Check<string> = (value, path) => visible(name(value, path));

/** The first few; what is no label, or too long for one, is left out: nothing depends on them. */
function labels(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        (entry): entry is [string, string] =>
          typeof entry[1] === 'string' && entry[0].length <= LONGEST_LABEL && entry[1].length <= LONGEST_LABEL,
      )
      .slice(0, MOST_LABELS)
      .map(([key, label]) => [visible(key), visible(label)]),
  );
}
