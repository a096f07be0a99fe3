/** "host-01" of "captures/host-01.pcap.gz": a file that names no machine is of the one that it is called after. */
export const machineOfFile = (path: string): string =>
  path
    .replace(/^.*[/\\]/, '')
    .replace(/\.(gz|zst|zstd)$/i, '')
    .replace(/\.(pcap|pcapng|cap|dmp|dump)\d*$/i, '');
