import { afterEach, describe, expect, it } from 'vitest';
import { PlainMachine } from '../../tests/support/lab.ts';
import { canNothing } from '../machine/abilities.ts';
import { LabOfMachines } from './lab-of-machines.ts';
import { TimeControl } from './time-control.ts';

let end = async (): Promise<void> => undefined;
afterEach(async () => end());

/** A lab that runs, with the machines a, b, … on one wire if there are several. */
async function running(names: readonly string[]) {
  const machines = names.map((name) => new PlainMachine(name));
  const wires = names.length > 1 ? [{ name: 'lan', machines: names }] : [];
  const lab = new LabOfMachines('l', 'L', machines, wires);
  const time = new TimeControl(lab);
  await lab.start();
  end = async () => {
    time.dispose();
    await lab.dispose();
  };
  const [a, b] = machines as [PlainMachine, PlainMachine];
  const steps = () => time.state.value.steps;
  /** A tap's report is waited for a moment, before what a wire holds is the next step. */
  const settled = () => new Promise((resolve) => setTimeout(resolve, 60));
  return { lab, time, a, b, steps, settled };
}

/** An ARP question in an Ethernet frame, or an answer; from host 1 to everybody, or from 2 to 1. */
function arp(opcode: 1 | 2): Uint8Array {
  const frame = new Uint8Array(42);
  const [from, to] = opcode === 1 ? [1, 2] : [2, 1];
  const mac = (host: number) => [2, 0, 0, 0, 0, host];
  frame.set(opcode === 1 ? Array(6).fill(255) : mac(to), 0);
  frame.set([...mac(from), 8, 6, 0, 1, 8, 0, 6, 4, 0, opcode, ...mac(from), 10, 0, 0, from], 6);
  frame.set([...mac(opcode === 1 ? 0 : to), 10, 0, 0, to], 32);
  return frame;
}

it('hands what taps lost to journeys, also when nothing was seen with it', async () => {
  const { time, a } = await running(['a']);
  a.saw([1]);
  a.saw([], [{ from: 1, until: 2, count: 3 }]);
  expect(time.journeys.context().gaps).toEqual([{ machine: 'a', from: 1, until: 2, count: 3 }]);
});

describe('what the kernel of one machine moves', () => {
  it('is passed over by steps where it is to be left out, and shown by whoever asks for it', async () => {
    const { time, a, steps, settled } = await running(['a']);
    await time.freeze();
    time.leaveOut((hop) => hop.ifindex === 2 || hop.ifindex === 3);
    a.saw([1, 2, 3, 4]);
    await settled();
    time.toStart();
    await time.step();
    expect(steps().at?.ifindex).toBe(4);
    time.back();
    expect(steps().at?.ifindex).toBe(1);
    time.seek(2);
    expect(steps().at?.ifindex).toBe(2);
    time.leaveOut(() => false);
    await time.step();
    expect(steps().at?.ifindex).toBe(3);
  });

  it('is stopped at when the tap reports it, and what ran past is looked back at before time goes on', async () => {
    const { time, a, steps, settled } = await running(['a']);
    a.saw([1]);
    await time.step();
    expect(time.state.value).toMatchObject({ frozen: false, awaits: 'the next packet' });
    a.saw([2, 3, 4]);
    expect(steps()).toMatchObject({ position: 2, total: 4, shownAs: 'looked back at', at: { n: 2 } });
    await settled();
    expect(time.state.value).toMatchObject({ frozen: true, awaits: null });
    expect(time.state.value.said).toMatch(/^Step 2: .* in at eth2\. A look back: 2 more sightings since\.$/);
    a.saw([5]);
    await time.step();
    await time.step();
    expect(steps().at?.ifindex).toBe(4);
    expect(time.state.value.frozen).toBe(true);
    time.back();
    time.toStart();
    expect(steps().at?.ifindex).toBe(1);
    time.toEnd();
    expect(steps().at?.ifindex).toBe(5);
    await time.step();
    expect(time.state.value.frozen).toBe(false);
    time.showHop(3);
    expect(steps()).toMatchObject({ position: 3, awaits: false });
    await time.goOn();
    a.saw([6]);
    expect(steps()).toMatchObject({ follows: true, at: { ifindex: 6 } });
    // What has happened can be stepped through while time goes on.
    time.toStart();
    await time.step();
    expect(time.state.value).toMatchObject({ frozen: false, said: expect.stringMatching(/^Step 2: /) });
    a.saw([7]);
    expect(steps()).toMatchObject({ position: 2, total: 7 });
  });

  it('stops time at what a filter matches, at any device or at one', async () => {
    const { time, a, steps, settled } = await running(['a']);
    expect(await time.runUntil('sll.ifindex ==', null)).toMatchObject({
      message: expect.any(String),
      at: expect.any(Number),
    });
    expect(time.state.value.awaits).toBeNull();
    expect(await time.runUntil('sll', 'a/eth3')).toBeNull();
    a.saw([1, 2]);
    expect(time.state.value).toMatchObject({ frozen: false, awaits: 'the next packet with sll at a/eth3' });
    a.saw([4, 3]);
    await settled();
    expect(time.state.value.frozen).toBe(true);
    expect(steps().at?.device).toBe('eth3');
  });

  it('does not run past a breakpoint that matched while time was being stopped', async () => {
    const { time, a, steps, settled } = await running(['a']);
    expect(time.addBreakpoint('no.such.field')).toMatchObject({ ok: false });
    a.saw([9]);
    time.addBreakpoint('frame', 'a/eth9');
    a.saw([1, 9, 2, 9, 3]);
    await settled();
    expect(time.state.value).toMatchObject({ frozen: true, stoppedBy: 1, breakpoints: [{ hits: 1 }] });
    expect(steps()).toMatchObject({ position: 3, total: 6 });
    a.saw([9]);
    time.toStart();
    const positions = [];
    for (let n = 0; n < 2; n++) {
      await time.goOn();
      expect(time.state.value.frozen).toBe(true);
      positions.push(steps().position);
    }
    expect(positions).toEqual([5, 7]);
    await time.goOn();
    expect(time.state.value).toMatchObject({ frozen: false, stoppedBy: null });
    time.removeBreakpoint(1);
    a.saw([9]);
    await settled();
    expect(time.state.value.frozen).toBe(false);
  });

  it('begins anew when the lab is reset', async () => {
    const { lab, time, a, steps } = await running(['a']);
    a.saw([1, 2, 3]);
    time.back();
    await lab.reset();
    expect(steps()).toMatchObject({ position: 0, total: 0, follows: true });
    a.saw([1]);
    expect(steps()).toMatchObject({ position: 1, total: 1 });
    expect(time.positionOf(1)).toBe(1);
    expect(time.positionOf(2)).toBeNull();
  });
});

describe('what is on a wire between machines', () => {
  it('is held there, and let go by the next step', async () => {
    const { time, a, b, steps, settled } = await running(['a', 'b']);
    await time.freeze();
    await time.step();
    a.sends(arp(1));
    await settled();
    expect(time.state.value.said).toMatch(
      /^Step 1: ARP: Who has 10\.0\.0\.2\? Tell 10\.0\.0\.1, on the wire lan\. Held/,
    );
    expect(time.state.value.frozen).toBe(true);
    expect(b.received).toEqual([]);
    await time.step();
    expect(b.received).toHaveLength(1);
    expect(time.state.value).toMatchObject({ frozen: false, awaits: 'the next packet' });
    b.saw([2]);
    await settled();
    expect(steps()).toMatchObject({ position: 2, at: { machine: 'b' }, shownAs: 'looked back at' });
    await time.step();
    b.sends(arp(2));
    await settled();
    expect(steps()).toMatchObject({ shownAs: 'held', at: { machine: 'wire', device: 'lan' } });
    await time.goOn();
    expect(a.received).toHaveLength(1);
    expect(time.state.value.frozen).toBe(false);
    // Its sender's tap tells nothing of it here: that is waited for, then it is told all the same.
    await expect.poll(() => steps().total).toBe(3);
    time.toStart();
    expect(steps()).toMatchObject({ at: { machine: 'wire', n: 1 }, shownAs: 'looked back at' });
  });

  it('is let through until a breakpoint matches, and held before it arrives', async () => {
    const { lab, time, a, b, steps, settled } = await running(['a', 'b']);
    time.addBreakpoint('arp.opcode == 2');
    a.sends(arp(1));
    expect(b.received).toHaveLength(1);
    b.sends(arp(2));
    await settled();
    expect(lab.state.value.kind).toBe('frozen');
    expect(a.received).toEqual([]);
    expect(steps()).toMatchObject({ shownAs: 'held', position: 2 });
    await time.goOn();
    expect(a.received).toHaveLength(1);
    expect(time.state.value).toMatchObject({ frozen: false, breakpoints: [{ hits: 1 }] });
  });

  it('is told to everybody in order, though time stops at another packet while its sender’s word is awaited', async () => {
    const { lab, time, a } = await running(['a', 'b']);
    const told: number[] = [];
    lab.onHops(({ hops }) => told.push(...hops.map(({ n }) => n)));
    time.addBreakpoint('', 'a/docker0');
    a.sends(arp(1));
    a.sawFrame({ device: 'docker0', direction: 'in', linkType: 1, bytes: arp(2), time: lab.time.now() });
    expect(told).toEqual([1, 2]);
    expect(time.state.value.steps).toMatchObject({ position: 1, total: 2, at: { device: 'docker0' } });
  });

  it('is let go in the order in which it came, on whichever wire it stands', async () => {
    const machines = ['a', 'b', 'c', 'd'].map((name) => new PlainMachine(name));
    const [a, , c, d] = machines as [PlainMachine, PlainMachine, PlainMachine, PlainMachine];
    const lab = new LabOfMachines('l', 'L', machines, [
      { name: 'one', machines: ['a', 'b'] },
      { name: 'two', machines: ['c', 'd'] },
    ]);
    const time = new TimeControl(lab);
    await lab.start();
    end = async () => {
      time.dispose();
      await lab.dispose();
    };
    await time.freeze();
    c.sends(arp(1));
    a.sends(arp(1));
    await time.step();
    expect(time.state.value.steps).toMatchObject({ held: 2, shownAs: 'held', at: { device: 'two' } });
    await time.step();
    expect(d.received).toHaveLength(1);
    expect(time.state.value.steps).toMatchObject({ held: 1, shownAs: 'held', at: { device: 'one' } });
  });

  it('is held where it is under way on a slow link when time stops', async () => {
    const { lab, time, a, b, steps, settled } = await running(['a', 'b']);
    lab.wires[0]?.port('a')?.setLink({ delay: 1000 });
    a.sends(arp(1));
    await time.freeze();
    time.toEnd();
    expect(steps()).toMatchObject({ held: 1, shownAs: 'held', at: { machine: 'wire' } });
    await time.step();
    await settled();
    expect(b.received).toHaveLength(1);
  });

  it('comes after its sender’s word in slow motion, too, where taps are as slow as all the rest', async () => {
    const { lab, time, a, settled, steps } = await running(['a', 'b']);
    const told: string[] = [];
    lab.onHops(({ hops }) => told.push(...hops.map(({ machine }) => machine)));
    time.setSpeed(0.1);
    const leaves = () =>
      a.sawFrame({ device: 'eth0', direction: 'out', linkType: 1, bytes: arp(1), time: lab.time.now() });
    a.sends(arp(1));
    await new Promise((resolve) => setTimeout(resolve, 400));
    leaves();
    expect(told).toEqual(['a', 'wire']);
    await time.freeze();
    await time.step();
    a.sends(arp(1));
    await new Promise((resolve) => setTimeout(resolve, 200));
    leaves();
    await settled();
    expect(steps()).toMatchObject({ shownAs: 'looked back at', at: { machine: 'a' } });
  });

  it('is let through until a filter matches', async () => {
    const { time, a, b, steps, settled } = await running(['a', 'b']);
    await time.freeze();
    await time.runUntil('arp.opcode == 2');
    a.sends(arp(1));
    await settled();
    expect(b.received).toHaveLength(1);
    expect(time.state.value.frozen).toBe(false);
    b.sends(arp(2));
    await settled();
    expect(time.state.value.frozen).toBe(true);
    expect(steps()).toMatchObject({ shownAs: 'held', position: 2 });
    expect(a.received).toEqual([]);
  });
});

describe('time in a lab of machines that nothing can stop', () => {
  it('is not stopped, which is said; what was seen can be looked at', async () => {
    const one = new PlainMachine('a', { kind: 'off' });
    Object.assign(one, { can: canNothing });
    const lab = new LabOfMachines('l', 'L', [one]);
    const time = new TimeControl(lab);
    await lab.start();
    end = async () => {
      time.dispose();
      await lab.dispose();
    };
    const why = 'a cannot be frozen: nothing here can stop its time.';
    expect(time.whyNoStop).toBe(why);
    await time.freeze();
    expect(time.state.value).toMatchObject({ frozen: false, said: why });
    one.saw([1, 2, 3]);
    time.toStart();
    expect(time.state.value.steps.at?.ifindex).toBe(1);
    await time.step();
    expect(time.state.value).toMatchObject({ frozen: false, steps: { at: { ifindex: 2 } } });
    time.toEnd();
    await time.step();
    expect(time.state.value).toMatchObject({ frozen: false, awaits: null, said: why });
    expect(time.state.value.steps.follows).toBe(true);
    expect(await time.runUntil('icmp')).toBeNull();
    expect(time.state.value).toMatchObject({ awaits: null, said: why });
    expect(() => time.addBreakpoint('icmp')).toThrow(why);
    expect(lab.clock.held).toBe(false);
  });
});
