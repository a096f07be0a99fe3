// How namespaces and networks are spoken of: by what runs in them, and by who named them.
import type { DeviceNode, NamespaceNode, Workload } from './graph.ts';

/** Those that a namespace is named after: a pod's containers share the pod's namespace, and the pod is what people know. */
export function leading(workloads: readonly Workload[]): readonly Workload[] {
  const pods = workloads.filter(({ kind }) => kind === 'pod');
  const containers = workloads.filter(({ kind }) => kind === 'container');
  return pods.length > 0 ? pods : containers.length > 0 ? containers : workloads;
}

/** "pod", "containers", "namespace". */
export function namespaceWord({ workloads }: NamespaceNode): string {
  const [first, ...others] = leading(workloads);
  return first === undefined ? 'namespace' : others.length > 0 ? `${first.kind}s` : first.kind;
}

/**
 * "web"; "unnamed" while nobody has given it a name: the kernel has a container's namespace for a moment before Docker says whose it
 * is, and one that `unshare` made never gets any. Its inode, which is its name in the graph, says nothing to a reader.
 */
export const namespaceName = ({ name }: Pick<NamespaceNode, 'name'>): string => (isUnnamed(name) ? 'unnamed' : name);

/** "web", "an unnamed namespace". */
export const inNamespace = ({ name }: Pick<NamespaceNode, 'name'>): string =>
  isUnnamed(name) ? 'an unnamed namespace' : name;

const isUnnamed = (name: string): boolean => name.startsWith('net:[');

/** "Docker network shop"; "" when it is no network's bridge. */
export function networkWords({ network }: DeviceNode): string {
  if (network === undefined) return '';
  return network.by === 'docker' ? `Docker network ${network.name}` : `network ${network.name}`;
}
