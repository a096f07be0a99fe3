// The recordings in content/, and what the pages ask of them.
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readRecording } from '../../recording/read-recording.ts';
import type { Recording } from '../../recording/recording.ts';
import { outputOf } from '../../recording/terminal-text.ts';
import { buildGraph } from '../../topology/build-graph.ts';
import { parseReport } from '../../topology/parse-report.ts';
import { pictureOf, wayOf } from '../topology/export/still-picture.ts';
import { extractWalks } from './extract-walks.ts';
import { planWalk } from './walk-plan.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const recordings = globSync(`${root}content/recordings/*.json`);
const pages = [...globSync(`${root}content/docs/**/*.mdx`), ...globSync(`${root}src/components/site/**/*.astro`)];

function recorded(path: string): Recording {
  const read = readRecording(readFileSync(path, 'utf8'));
  if (!read.ok) throw new Error(read.error);
  return read.recording;
}

/** What the commands of recordings print: how one begins, and its whole output. */
const PRINTS: readonly (readonly [typed: RegExp, output: RegExp])[] = [
  [/^docker (run|network create) /, /^[0-9a-f]{64}$/],
  [/^docker exec client ping -c 1 -W 1 /, /^PING [\d.]+ [\s\S]*\b100% packet loss/],
  [/^(docker exec \S+ )?ping /, /^PING [\d.]+ [\s\S]*\b0% packet loss/],
  [/^docker exec \S+ wget -qO- /, /^host name [\s\S]*\nyou are +[\d.]+$/],
  [/^(ip route add|iptables -I) /, /^$/],
];

describe.each(recordings.map((path) => [basename(path, '.json'), path]))('recording %s', (name, path) => {
  test('is small, and made by the script beside it', () => {
    expect(readFileSync(path).length).toBeLessThanOrEqual(150_000);
    const { script, commands } = recorded(path);
    expect(script).toBe(name);
    const lines = readFileSync(path.replace(/json$/, 'sh'), 'utf8').split('\n');
    const kept = lines.slice(lines.indexOf('# record') + 1);
    expect(commands.map(({ text }) => text)).toEqual(kept.filter((line) => line !== '' && !line.startsWith('#')));
  });

  test('has the output of each command, without prompts and colours', () => {
    const recording = recorded(path);
    for (const command of recording.commands) {
      const kind = PRINTS.find(([typed]) => typed.test(command.text));
      expect(kind, command.text).toBeDefined();
      if (kind !== undefined) expect(outputOf(recording, command)).toMatch(kind[1]);
    }
  });

  test('says what ran, and has its hops in the run', () => {
    const { software, hops, commands, start } = recorded(path);
    expect(software.map(({ name: what }) => what)).toEqual(expect.arrayContaining(['Debian', 'Linux', 'Docker']));
    const end = commands.at(-1)?.until ?? 0;
    for (const { time, deviceId } of hops) {
      expect((time - start) * 1000).toBeGreaterThanOrEqual(0);
      // And what went by while the taps were emptied.
      expect((time - start) * 1000).toBeLessThan(end + 10_000);
      expect(deviceId).not.toBe('');
    }
  });
});

const walks = pages.flatMap((path) =>
  extractWalks(readFileSync(path, 'utf8')).map((walk) => ({ page: basename(path), ...walk })),
);

test('each episode has a walk or more, the home page one', () => {
  const count = (of: string): number => walks.filter(({ page }) => page === of).length;
  for (const path of pages)
    if (path.includes('/episodes/')) expect(count(basename(path)), path).toBeGreaterThanOrEqual(1);
  expect(count('home-hero.astro')).toBe(1);
});

describe.each(walks)('$page, line $line: walk through $recording', ({ recording: name, packets: chosen }) => {
  const plan = planWalk(recorded(`${root}content/recordings/${name}.json`), chosen);

  test('finds every packet, and each of them got to where it was sent', () => {
    expect(plan.packets.map((packet) => packet.name)).toEqual(Object.keys(chosen));
    for (const { end, why } of plan.packets) {
      expect(end).toMatch(/^Delivered(, by inference)?$/);
      expect(why).not.toMatch(/journey \d/);
    }
  });

  test('numbers its steps, and draws each of them where the picture has a device', () => {
    const steps = plan.packets.flatMap((packet) => packet.steps);
    expect(steps.map(({ n }) => n)).toEqual(steps.map((_, index) => index + 1));
    expect(plan.steps).toBe(steps.length);
    for (const { graph, steps: own } of plan.packets) {
      const { view, devices, wires } = pictureOf(graph);
      for (const { deviceId, device, path, words } of own) {
        expect([...devices, ...wires].map(({ name: drawn }) => drawn)).toContain(device);
        expect(words).toContain(device);
        const { points, stop } = wayOf(path, deviceId, graph);
        // What a machine itself sends is first seen where it goes out: a stop without a way.
        expect(points.length).toBeGreaterThan(path.crossings.length === 0 ? 0 : 1);
        for (const { x, y } of [...points, ...(stop === null ? [] : [stop])]) {
          expect(x >= view[0] && x <= view[0] + view[2]).toBe(true);
          expect(y >= view[1] && y <= view[1] + view[3]).toBe(true);
        }
      }
    }
  });
});

test('the first ping goes from container to container, and its words say so', () => {
  const { packets } = planWalk(recorded(`${root}content/recordings/first-ping.json`), {
    question: 'arp.opcode == 1',
    answer: 'arp.opcode == 2',
  });
  const words = packets.flatMap(({ steps }) => steps.map((step) => step.words.replaceAll(/veth\w{7}/g, 'veth')));
  expect(words).toEqual([
    'In at veth, over the veth pair from eth0 of client.',
    'Through the bridge docker0, out at veth, over the veth pair to eth0 of web.',
    'Up from the bridge’s port veth to docker0: host-01 itself gets it.',
    'In at veth, over the veth pair from eth0 of web.',
    'Through the bridge docker0, out at veth, over the veth pair to eth0 of client.',
  ]);
  expect(packets[1]?.answers).toMatchObject({
    step: 1,
    changes: expect.arrayContaining([
      { field: 'arp.opcode', from: 1, to: 2, about: expect.stringMatching(/^[A-Z].+\.$/) },
    ]),
  });
  expect(packets[0]?.steps.map(({ layers }) => layers?.map(({ protocol }) => protocol))).toEqual([
    ['sll', 'arp'],
    undefined,
    undefined,
  ]);
});

test('through a published port each host rewrites one end, over the wire between them, and names its entry', () => {
  const { packets } = planWalk(recorded(`${root}content/recordings/through-the-keyhole.json`), {
    syn: 'tcp.flags.syn == 1 and tcp.flags.ack == 0',
    synack: 'tcp.flags.syn == 1 and tcp.flags.ack == 1',
  });
  const [syn, synack] = packets;
  expect(syn?.steps.map(({ device, words }) => `${device}: ${words}`.replaceAll(/veth\w{7}/g, 'veth'))).toEqual([
    'veth: In at veth, over the veth pair from eth0 of client.',
    'docker0: Up from the bridge’s port veth to docker0: kube-worker-01 itself gets it.',
    'eth0: Routed by kube-worker-01 from docker0, out at eth0.',
    'lan: On the wire lan, from eth0 of kube-worker-01.',
    'eth0: In at eth0, from the wire.',
    'docker0: Routed by kube-worker-02 from eth0, out at docker0.',
    'veth: From kube-worker-02 by the bridge docker0, out at veth, over the veth pair to eth0 of web-02.',
  ]);
  const rewritten = (steps: typeof syn): string[] =>
    steps?.steps.flatMap(({ changes }) =>
      changes.flatMap(({ field, from, to, why }) => {
        const entry = /^conntrack on (\S+),.*\((.*)\)$/.exec(why ?? '');
        return entry === null ? [] : [`${field} ${from} → ${to}, ${entry[1]}, ${entry[2]}`];
      }),
    ) ?? [];
  expect(rewritten(syn)).toEqual([
    'ip.src 172.17.0.3 → 10.0.0.121, kube-worker-01, source NAT',
    'ip.dst 10.0.0.122 → 172.17.0.2, kube-worker-02, destination NAT',
    'tcp.dstport 8080 → 80, kube-worker-02, destination NAT',
  ]);
  expect(rewritten(synack)).toEqual([
    'ip.src 172.17.0.2 → 10.0.0.122, kube-worker-02, destination NAT',
    'tcp.srcport 80 → 8080, kube-worker-02, destination NAT',
    'ip.dst 10.0.0.121 → 172.17.0.3, kube-worker-01, source NAT',
  ]);
});

test('what came out of a tunnel is routed on, and only what goes into one is said to', () => {
  const { packets } = planWalk(recorded(`${root}content/recordings/overlay-ping.json`), {
    request: 'icmp.type == 8',
    reply: 'icmp.type == 0',
  });
  const words = packets[0]?.steps.map(({ words: said }) => said.replaceAll(/veth\w{7}/g, 'veth'));
  expect(words?.slice(2)).toEqual([
    'Routed by kube-worker-01 from docker0, out at flannel.1.',
    'Put into a packet of the tunnel by flannel.1, out at eth0.',
    'On the wire lan, from eth0 of kube-worker-01.',
    'In at eth0, from the wire.',
    'Taken out of the tunnel’s packet that came in at eth0: in at flannel.1.',
    'Routed by kube-worker-02 from flannel.1, out at docker0.',
    'From kube-worker-02 by the bridge docker0, out at veth, over the veth pair to eth0 of web.',
  ]);
});

test('each step has its headers, with what came on and what is no longer the same', () => {
  const { packets } = planWalk(recorded(`${root}content/recordings/overlay-ping.json`), { request: 'icmp.type == 8' });
  const lines = packets[0]?.steps.map(({ headers }) =>
    headers.map(({ protocol, since }) => (since === 'same' ? protocol : `${protocol} ${since}`)).join(' / '),
  );
  expect(lines?.slice(0, 5)).toEqual([
    'sll / ip / icmp / data',
    'sll / ip / icmp / data',
    'sll changed / ip changed / icmp / data',
    'sll / ip new / udp new / vxlan new / eth new / ip / icmp / data',
    'eth / ip / udp / vxlan / eth / ip / icmp / data',
  ]);
  const ip = packets[0]?.steps[2]?.layers?.find(({ protocol }) => protocol === 'ip');
  expect(ip?.fields.find(({ name }) => name === 'ip.ttl')).toMatchObject({ shown: '63', was: '64' });
  // The same header has the same key, whatever is around it.
  expect(ip?.key).toBe('ip.0');
  expect(packets[0]?.steps[3]?.layers?.map(({ key }) => key)).toEqual([
    'sll.0',
    'ip.1',
    'udp.0',
    'vxlan.0',
    'eth.0',
    'ip.0',
    'icmp.0',
    'data.0',
  ]);
});

test('numbers of TCP are counted from the beginning of the connection, at every place by itself', () => {
  const { packets } = planWalk(recorded(`${root}content/recordings/first-connection.json`), {
    syn: 'tcp.flags.syn == 1 and tcp.flags.ack == 0',
    synack: 'tcp.flags.syn == 1 and tcp.flags.ack == 1',
    get: 'http.request',
    ok: 'tcp.srcport == 80 and tcp.len > 0',
  });
  expect(packets[0]?.info).toMatch(/\[SYN\] Seq=0 /);
  expect(packets[1]?.info).toMatch(/\[SYN, ACK\] Seq=0 Ack=1 /);
  for (const { steps } of packets)
    for (const { layers } of steps) {
      const fields = new Map(layers?.flatMap((layer) => layer.fields.map(({ name, shown }) => [name, shown])));
      if (layers !== null) expect(Number(fields.get('tcp.seq_raw'))).toBeGreaterThan(Number(fields.get('tcp.seq')));
    }
  expect(packets[1]?.answers?.changes.map(({ field }) => field)).toContain('tcp.ack');
  expect(packets[1]?.answers?.changes.map(({ field }) => field)).not.toContain('tcp.ack_raw');
});

test('the packet that shows how another one ended is a step of the walk, or said to be left out', () => {
  const whyOf = (chosen: Readonly<Record<string, string>>): readonly string[] =>
    planWalk(recorded(`${root}content/recordings/first-connection.json`), chosen).packets.map(({ why }) => why);
  const syn = 'tcp.flags.syn == 1 and tcp.flags.ack == 0';
  const synack = 'tcp.flags.syn == 1 and tcp.flags.ack == 1';
  expect(whyOf({ syn, synack })).toEqual([
    'It was answered: step 3.',
    'It was answered: a packet that is left out here.',
  ]);
});

/** A ping that leaves the host, recorded from a kernel (src/topology/fixtures). */
function outside(): Recording {
  const fixture = (file: string): string => readFileSync(`${root}src/topology/fixtures/${file}`, 'utf8');
  const parsed = parseReport(fixture('host.report.json'));
  if (!parsed.ok) throw new Error(parsed.error);
  const graph = buildGraph('host-01', parsed.report);
  const hops = fixture('outside.hops.jsonl')
    .trim()
    .split('\n')
    .map((line, index) => {
      const hop = JSON.parse(line) as Recording['hops'][number] & { readonly bytes: unknown };
      const space = graph.namespaces.find(({ root: own }) => own)?.id;
      const device = graph.devices.find(({ ifindex, namespace }) => ifindex === hop.ifindex && namespace === space);
      return {
        ...hop,
        n: index + 1,
        machine: 'host-01',
        deviceId: device?.id ?? '',
        linkType: 276,
        bytes: Uint8Array.from(Buffer.from(String(hop.bytes), 'base64')),
      };
    });
  const start = hops[0]?.time ?? 0;
  // As conntrack -L prints what these packets show.
  const tuples = 'src=172.17.0.3 dst=10.0.0.1 type=8 code=0 id=5239 src=10.0.0.1 dst=10.0.0.11 type=0 code=0 id=5239';
  const masquerade = { machine: 'host-01', text: `icmp     1 29 ${tuples} mark=0 use=1` };
  const about = { lab: 'lab', title: 'Lab', script: 'outside', recorded: '2026-11-25T08:00:00Z', software: [] };
  return {
    ...about,
    start,
    graphs: [{ at: 0, graph }],
    hops,
    terminal: [],
    commands: [],
    conntrack: [masquerade],
    evidence: [],
  };
}

test('what a router changes is said with the field’s own sentence, and shown anew', () => {
  const { packets } = planWalk(outside(), { request: 'icmp.type == 8' });
  const steps = packets[0]?.steps ?? [];
  const changes = steps.flatMap((step) => step.changes);
  expect(changes).toContainEqual(
    expect.objectContaining({ field: 'ip.ttl', from: 64, to: 63, about: expect.stringMatching(/^[A-Z].+\.$/) }),
  );
  expect(changes).toContainEqual(
    expect.objectContaining({
      field: 'ip.src',
      from: '172.17.0.3',
      to: '10.0.0.11',
      why: expect.stringMatching('NAT'),
    }),
  );
  expect(steps.at(-1)?.words).toBe('Routed by host-01 from docker0, out at eth0, onto the wire.');
  for (const { changes: own, layers } of steps.slice(1)) expect(layers !== null).toBe(own.length > 0);
});

test('a filter that is none, and a packet that is not there, are named', () => {
  const recording = recorded(`${root}content/recordings/first-ping.json`);
  expect(() => planWalk(recording, { a: 'icmp.tpye == 8' })).toThrow('packet "a"');
  expect(() => planWalk(recording, { reply: 'icmp.type == 0', request: 'icmp.type == 8' })).toThrow(
    'packet "request": no packet of the recording "first-ping" matches icmp.type == 8 after the ones before it',
  );
});

test('a walk that cannot be read is an error with its line', () => {
  expect(() => extractWalks('a\n<Walk recording={name} packets={{ a: "arp" }} />')).toThrow('line 2');
  expect(() => extractWalks('<Walk recording="x" packets={{}} />')).toThrow('needs packets');
});
