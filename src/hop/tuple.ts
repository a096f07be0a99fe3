// The ends of a conversation as NAT sees them. A tuple is kept as text, so that it can be a key:
//   "6 172.17.0.2#40000>10.0.0.1#80"   protocol, source#port, destination#port; ICMP has its identifier in place of ports
//   "6 172.17.0.2>10.0.0.1"            a fragment's: only the first fragment has ports

export interface Tuple {
  readonly protocol: number;
  readonly source: string;
  readonly destination: string;
  /** ICMP's identifier in both; 0 where the protocol has neither. */
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export const tupleKey = (tuple: Tuple): string =>
  `${tuple.protocol} ${tuple.source}#${tuple.sourcePort}>${tuple.destination}#${tuple.destinationPort}`;

/** Without ports. */
export const addressKey = ({ protocol, source, destination }: Tuple): string => `${protocol} ${source}>${destination}`;

/** "6 10.0.0.1#80>10.0.0.2#99" -> "6 10.0.0.1>10.0.0.2" */
export const withoutPorts = (tuple: string): string => tuple.replace(/#\d+/g, '');

export const inverse = (tuple: Tuple): Tuple => ({
  protocol: tuple.protocol,
  source: tuple.destination,
  destination: tuple.source,
  sourcePort: tuple.destinationPort,
  destinationPort: tuple.sourcePort,
});

/** The other direction of a tuple that is a key. */
export function inverseKey(key: string): string {
  const space = key.indexOf(' ');
  const arrow = key.indexOf('>');
  return `${key.slice(0, space)} ${key.slice(arrow + 1)}>${key.slice(space + 1, arrow)}`;
}

/** Who is sent to, out of a tuple that is a key: "172.17.0.2". */
export const destinationOf = (key: string): string => withoutPort(key.slice(key.indexOf('>') + 1));

const withoutPort = (end: string): string => end.split('#', 1)[0] ?? '';

/** The ports of a tuple that is a key; null: a fragment's, which has none. */
export function portsOf(key: string): { readonly source: number; readonly destination: number } | null {
  const [, source, destination] = /#(\d+)>[^#]*#(\d+)$/.exec(key) ?? [];
  return source === undefined ? null : { source: Number(source), destination: Number(destination) };
}

/** "172.17.0.2:40000 → 10.0.0.1:80", as people read it. */
export function tupleWords(tuple: Tuple): string {
  const { protocol, source, sourcePort, destination, destinationPort } = tuple;
  if (protocol === 1 || protocol === 58) return `${source} → ${destination}, id ${sourcePort}`;
  return `${endWords(source, sourcePort, tuple)} → ${endWords(destination, destinationPort, tuple)}`;
}

/** One end of a tuple: "172.17.0.2:40000", and "172.17.0.2" of a protocol without ports. */
export function endWords(address: string, port: number, { protocol, sourcePort, destinationPort }: Tuple): string {
  const hasPorts = protocol !== 1 && protocol !== 58 && (sourcePort !== 0 || destinationPort !== 0);
  if (!hasPorts) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The same of a tuple that is a key. */
export function tupleWordsOf(key: string): string {
  const tuple = tupleOf(key);
  return tuple === null ? key : tupleWords(tuple);
}

/** A tuple that is a key; a fragment's has no ports: 0. null: it is no IP packet's. */
export function tupleOf(key: string): Tuple | null {
  const [, protocol, source = '', sourcePort, destination = '', destinationPort] =
    /^(\d+) ([^#>]+)(?:#(\d+))?>([^#]+)(?:#(\d+))?$/.exec(key) ?? [];
  if (protocol === undefined) return null;
  return {
    protocol: Number(protocol),
    source,
    destination,
    sourcePort: Number(sourcePort ?? 0),
    destinationPort: Number(destinationPort ?? 0),
  };
}
