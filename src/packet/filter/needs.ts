// Which fields a packet alone does not have: somebody has to look at the packets before it (stream/conversations.ts).

/** Of a TCP segment, beside tcp.analysis and what is below it. */
const OF_CONVERSATION: ReadonlySet<string> = new Set([
  ...['tcp.stream', 'tcp.seq', 'tcp.ack', 'tcp.nxtseq', 'tcp.window_size', 'tcp.window_size_scalefactor'],
]);

/** What TCP carries in messages, which may lie in several segments. */
const CARRIED: ReadonlySet<string> = new Set([
  ...['dns', 'http', 'http2', 'grpc', 'etcd', 'tls', 'bgp', 'json', 'data', '_ws', 'frame.protocols'],
]);

/** Whether more is known of one of them when somebody has seen the packets before. */
export function gainsByConversations(names: Iterable<string>): boolean {
  for (const name of names)
    if (CARRIED.has(name) || CARRIED.has(name.split('.', 1)[0] ?? '') || needsConversations([name])) return true;
  return false;
}

/** Whether one of these fields or protocols is known only to who has seen the packets before. */
export function needsConversations(names: Iterable<string>): boolean {
  for (const name of names)
    if (
      OF_CONVERSATION.has(name) ||
      name.startsWith('tcp.analysis') ||
      name.startsWith('tcp.segment') ||
      name.startsWith('tcp.reassembled')
    )
      return true;
  return false;
}
