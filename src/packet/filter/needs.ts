// Which fields a packet alone does not have: somebody has to look at the packets before it (stream/conversations.ts).

/** Of a TCP segment, beside tcp.analysis and what is below it. */
const OF_CONVERSATION: ReadonlySet<string> = new Set([
  ...['tcp.stream', 'tcp.seq', 'tcp.ack', 'tcp.nxtseq', 'tcp.window_size', 'tcp.window_size_scalefactor'],
]);

/** Whether one of these fields or protocols is known only to who has seen the packets before. */
export function needsConversations(names: Iterable<string>): boolean {
  for (const name of names) if (OF_CONVERSATION.has(name) || name.startsWith('tcp.analysis')) return true;
  return false;
}
