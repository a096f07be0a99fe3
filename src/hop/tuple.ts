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

/** "172.17.0.2:40000 → 10.0.0.1:80", as people read it. */
export function tupleWords({ protocol, source, sourcePort, destination, destinationPort }: Tuple): string {
  const end = (address: string, port: number): string =>
    address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  if (protocol === 1 || protocol === 58) return `${source} → ${destination}, id ${sourcePort}`;
  if (sourcePort === 0 && destinationPort === 0) return `${source} → ${destination}`;
  return `${end(source, sourcePort)} → ${end(destination, destinationPort)}`;
}

/** The same of a tuple that is a key. */
export const tupleWordsOf = (key: string): string => {
  const [, source = '', sourcePort, destination = '', destinationPort] =
    /^\S+ ([^#>]+)(?:#(\d+))?>([^#]+)(?:#(\d+))?$/.exec(key) ?? [];
  const protocol = Number(key.split(' ', 1)[0]);
  return tupleWords({
    protocol,
    source,
    destination,
    sourcePort: Number(sourcePort ?? 0),
    destinationPort: Number(destinationPort ?? 0),
  });
};
