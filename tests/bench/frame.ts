// From the first time that the guest's tap saw a packet to its dot in the picture. What it sets out on from there takes its time, so that it can be
// followed, and an answer sets out when its question has arrived: of a ping, the echo requests are measured. The guest stamps frames with its own clock, so that clock is
// laid beside the page's all the while: frames put on the machine's wire at a known time are stamped by it, too, and the
// quickest of them tells the difference. Whatever that one took to be stamped counts against the figure, not for it.
import type { Bench } from '../../src/cli/bench/figure.ts';
import { withRunningLab } from './support/chromium.ts';
import type { LabPage } from './support/lab-page.ts';
import { percentile } from './support/percentile.ts';
import { watchDrawn } from './support/probe.ts';

const p95 = 'packet seen to drawn, p95';
/** Free for local experiments, IEEE 802: no protocol of the guest answers it. */
const ethertype = 0x88b5;
const packetsInRound = 6;
const marksInRound = 16;
/** ms in which a ping has gone there and back in the picture. */
const quiet = 3500;

/** Puts a marked broadcast frame on the wire; the time of that, ms since the epoch. */
function injectFrame(lab: LabPage, mark: number): Promise<number> {
  return lab.machine.evaluate(
    ({ ethertype, mark }) => {
      const bytes = new Uint8Array(60).fill(0xff, 0, 6);
      bytes.set([2, 0, 0, 0, 0, 1], 6);
      const view = new DataView(bytes.buffer);
      view.setUint16(12, ethertype);
      view.setUint32(14, mark);
      const event = new MessageEvent('message', { data: { type: 'frame', bytes } });
      dispatchEvent(event);
      // The machine's thread has replaced performance.now by its guest's clock; events keep real time.
      return performance.timeOrigin + event.timeStamp;
    },
    { ethertype, mark },
  );
}

/** ms from seen to drawn, of echo requests to a container, one at a time: nothing is before them in the picture. */
async function round(lab: LabPage, number: number): Promise<number[]> {
  await lab.page.evaluate(() => {
    window.benchProbe.drawn = [];
  });
  // First the clocks, while the machine is busy and stamps at once what it gets.
  const pinging = lab.run('ping -q -c 15 -i 0.3 172.17.0.2', /15 packets transmitted, 15 received/);
  const injected = new Map<number, number>();
  for (let n = 1; n <= marksInRound; n++) {
    const mark = number * 1000 + n;
    injected.set(mark, await injectFrame(lab, mark));
    await lab.rest(180 + Math.random() * 120);
  }
  await pinging;
  // Until the picture has caught up.
  await lab.rest(8000);
  const since = await lab.page.evaluate(() => window.benchProbe.drawn.length);
  // The first is not counted: beside it the program starts, and the tap waits for the processor.
  const count = packetsInRound + 1;
  await lab.run(
    `ping -q -c ${count} -i ${quiet / 1000} 172.17.0.2`,
    new RegExp(`${count} packets transmitted, ${count} received`),
  );
  await lab.rest(1000);
  const drawn = await lab.page.evaluate(() => window.benchProbe.drawn);
  const differences = drawn.flatMap(({ time, mark }) => {
    const at = injected.get(mark);
    return at === undefined ? [] : [time - at];
  });
  if (differences.length < marksInRound / 2)
    throw new Error(
      `Of ${injected.size} frames on the wire the picture drew ${differences.length}: no clock to go by.`,
    );
  const guestAhead = Math.min(...differences);
  const requests = drawn
    .slice(since)
    .filter(({ isRequest }) => isRequest)
    .slice(1);
  const delays = requests.map(({ time, drawnAt }) => drawnAt - (time - guestAhead));
  if (delays.length < packetsInRound) throw new Error(`Of ${packetsInRound} pings ${delays.length} were drawn.`);
  if (Math.min(...delays) < 0) throw new Error('A frame was drawn before it was seen: the clocks do not go together.');
  return delays;
}

export const bench: Bench = {
  name: 'frame',
  figures: [{ name: p95, unit: 'ms', target: { max: 100 } }],
  run: (context) =>
    withRunningLab(context, async (lab) => {
      await lab.page.evaluate(watchDrawn, ethertype);
      await lab.run('docker run -d --name web whoami', /^[0-9a-f]{64}$/);
      await lab.settle();
      await lab.run('ping -c 2 172.17.0.2', /2 received/);
      const samples: number[] = [];
      while (samples.length < context.samples) {
        const delays = await round(lab, samples.length + 1);
        samples.push(percentile(delays, 0.95));
        context.say(
          `  round ${samples.length}: ${delays.length} packets, p50 ${Math.round(percentile(delays, 0.5))} ms`,
        );
      }
      return { [p95]: samples };
    }),
};
