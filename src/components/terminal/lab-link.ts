// Addresses that a terminal prints become links. Most of them live inside the lab, where no browser can go: a lab has no
// way out, and none in.

/** Whether this URL names something outside the lab: a public name or address over http or https. */
export function leadsOutside(uri: string): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  if (protocol !== 'http:' && protocol !== 'https:') return false;
  if (hostname.startsWith('[') || !hostname.includes('.')) return false;
  // RFC 1918, loopback, link-local, and 0.0.0.0 as servers print it.
  return !/^(10|127|0)\.|^192\.168\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\./.test(hostname);
}
