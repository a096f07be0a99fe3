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

/** "Docker network shop"; "" when it is no network's bridge. */
export function networkWords({ network }: DeviceNode): string {
  if (network === undefined) return '';
  return network.by === 'docker' ? `Docker network ${network.name}` : `network ${network.name}`;
}
