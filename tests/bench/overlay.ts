// Between machines, and back in time: the overlay in Node, with the very engine of the page.
import type { Bench } from '../../src/cli/bench/figure.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { percentile } from './support/percentile.ts';

const ping = 'ping between machines, p50';
const plain = 'TCP between machines';
const vxlan = 'TCP over VXLAN';
const taken = 'checkpoint of three machines';
const undone = 'three machines back to a checkpoint';

async function run(machine: Machine, command: string): Promise<string> {
  const { stdout, stderr, exitCode } = await machine.exec(command, { timeout: 120_000 });
  if (exitCode !== 0) throw new Error(`${machine.name}: ${command}: status ${exitCode}\n${stdout}${stderr}`);
  return stdout.trim();
}

/** MB/s that arrive. */
async function throughput(from: Machine, address: string): Promise<number> {
  const report = JSON.parse(await run(from, `iperf3 -c ${address} -t 5 -J`)) as {
    end: { sum_received: { bits_per_second: number } };
  };
  return report.end.sum_received.bits_per_second / 8e6;
}

export const bench: Bench = {
  name: 'overlay',
  figures: [
    { name: ping, unit: 'ms', target: { max: 3 }, in: 'node' },
    { name: plain, unit: 'MB/s', target: {} },
    { name: vxlan, unit: 'MB/s', target: { min: 2 } },
    { name: taken, unit: 's', target: {}, in: 'node' },
    { name: undone, unit: 's', target: { max: 1.5 }, in: 'node' },
  ],
  async run({ signal, samples, say }) {
    const lab = await createNodeLab('overlay', { signal });
    const figures: Record<string, number[]> = { [ping]: [], [plain]: [], [vxlan]: [], [taken]: [], [undone]: [] };
    const add = (name: string, value: number) => figures[name]?.push(value);
    try {
      await lab.start();
      const [, one, other] = lab.machines as [Machine, Machine, Machine];
      const overlayAddress = await run(other, "ip -4 -o addr show docker0 | sed -E 's,.* ([0-9.]+)/.*,\\1,'");
      await run(other, 'iperf3 -s -D');
      while ((figures[ping]?.length ?? 0) < samples) {
        const text = await run(one, 'ping -c 40 -i 0.1 10.0.0.122');
        add(
          ping,
          percentile(
            [...text.matchAll(/time=([\d.]+) ms/g)].map(([, ms]) => Number(ms)),
            0.5,
          ),
        );
        add(plain, await throughput(one, '10.0.0.122'));
        add(vxlan, await throughput(one, overlayAddress));
        let began = performance.now();
        const checkpoint = await lab.checkpoint('bench');
        add(taken, (performance.now() - began) / 1000);
        await run(one, 'docker run -d --name web whoami');
        began = performance.now();
        await lab.goBackTo(checkpoint);
        add(undone, (performance.now() - began) / 1000);
        lab.forget(checkpoint);
        say(`  round ${figures[ping]?.length} of ${samples}`);
      }
      return figures;
    } finally {
      await lab.dispose();
    }
  },
};
