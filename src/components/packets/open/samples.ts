// Captures of the course's own: recorded in its labs, and made into files from the recordings when the site is built
// (src/pages/samples).

export interface Sample {
  /** A file of content/recordings, without its ending; the file is called after it, too. */
  readonly recording: string;
  readonly title: string;
  /** What to look for. */
  readonly look: string;
}

export const samples: readonly Sample[] = [
  {
    recording: 'first-ping',
    title: 'A first ping, with its ARP',
    look: 'Two containers that never spoke: who asks first, and why does the question have two copies and the ping only one?',
  },
  {
    recording: 'through-the-keyhole',
    title: 'A TCP connection through a published port',
    look: 'Follow the SYN from device to device: where does its sender change, and where its receiver?',
  },
  {
    recording: 'overlay-ping',
    title: 'A ping through VXLAN',
    look: 'Filter by vxlan: on the wire the ping is inside of another packet. Which headers came around it, and how many bytes are they?',
  },
  {
    recording: 'dropped',
    title: 'A ping that a rule drops',
    look: 'Open the request: how far did it get, who dropped it, and how is that known?',
  },
];
