import { expect, test } from 'vitest';
import { TestBed } from '../../tests/support/wire.ts';
import { secondsOf } from '../capture/captured-packet.ts';
import { PcapngWriter } from '../capture/pcapng-writer.ts';
import { readCapture } from '../capture/read-capture.ts';
import { capturedFrame, wireInterface } from './wire-capture.ts';
import type { WireFrame } from './wire-frame.ts';

test('a wire’s frames are saved as Ethernet of "wire/lan", at the time of their delivery', () => {
  const bed = new TestBed(2).introduce();
  const seen: WireFrame[] = [];
  bed.wire.onFrame((frame) => seen.push(frame));
  bed.port(0).setLink({ delay: 2.5 });
  bed.send(0, 1, 7);
  bed.time.pass(10);
  const packets = seen.map((frame) => capturedFrame(frame, 1_795_405_455));
  expect(packets.map(secondsOf)).toEqual([1_795_405_455.0025]);

  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((chunk) => chunks.push(chunk), { application: 'test' });
  const lan = writer.addInterface(wireInterface(bed.wire.name));
  for (const packet of packets) writer.packet(lan, { bytes: packet.bytes, time: packet });
  const { interfaces, packets: read } = readCapture(Uint8Array.from(Buffer.concat(chunks)));
  expect(interfaces).toEqual(['wire/lan']);
  expect(read.map(({ linkType }) => linkType)).toEqual([1]);
  expect(read.map(({ bytes }) => bytes)).toEqual(seen.map(({ bytes }) => bytes));
});
