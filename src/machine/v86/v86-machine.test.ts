import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { emptyWasm, manifestOf, SpokenThread } from '../../../tests/support/v86-thread.ts';
import { pcapRecord } from '../../capture/pcap.ts';
import type { MachineState } from '../machine.ts';
import { V86Machine } from './v86-machine.ts';

const manifest = manifestOf('host-01');

function open(load: () => Promise<WebAssembly.Module> = async () => emptyWasm) {
  const workers: SpokenThread[] = [];
  const machine = new V86Machine({
    name: 'host-01',
    start: { from: 'snapshot', manifest, base: '/' },
    wasm: load,
    time: { now: () => 1_700_000_000.5, before: (ago) => 1_700_000_000.5 - ago / 1000 },
    thread: () => {
      const worker = new SpokenThread();
      workers.push(worker);
      return worker;
    },
  });
  const states: MachineState['kind'][] = [];
  machine.state.subscribe(({ kind }) => {
    if (states.at(-1) !== kind) states.push(kind);
  });
  const worker = (): SpokenThread => {
    const last = workers.at(-1);
    if (last === undefined) throw new Error('no thread was started');
    return last;
  };
  return { machine, workers, worker, states };
}

async function running() {
  const opened = open();
  const started = opened.machine.start();
  await turn();
  opened.worker().say({ type: 'running' });
  await started;
  return opened;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
afterEach(() => void vi.restoreAllMocks());

describe('starting a machine', () => {
  it('goes from off through loading to running, and sets the guest’s clock', async () => {
    const { machine, worker, states } = open();
    const started = machine.start();
    await turn();
    worker().say({ type: 'progress', step: 'loading memory', done: 3, total: 10 });
    expect(machine.state.value).toEqual({ kind: 'loading', step: 'loading memory', done: 3, total: 10 });
    worker().say({ type: 'running' });
    await started;
    expect(states).toEqual(['off', 'loading', 'running']);
    const [asked, ...others] = worker().lines().reverse();
    expect(others.reverse()).toEqual([
      'time 1700000000.500',
      'evidence status',
      'evidence sockets 0',
      'evidence rules',
      'report',
    ]);
    // What its tap had lost before.
    expect(asked).toMatch(/^exec /);
    await machine.start();
    expect(states).toHaveLength(3);
  });

  it('shows what its consoles had printed, and reads its tap on in the middle of the stream', async () => {
    const { machine, worker } = await running();
    const text: Uint8Array[] = [];
    machine.consoles[0]?.onOutput((bytes) => text.push(bytes));
    expect(Buffer.concat(text).toString()).toBe('host-01 login: ');
    const devices: string[] = [];
    machine.onTap(({ frames }) => devices.push(...frames.map(({ device }) => device)));
    const link =
      '{"ifindex":1,"ifname":"lo","flags":[],"mtu":1,"operstate":"UP","link_type":"loopback","addr_info":[]}';
    const spaces = `[{"inode":1,"pid":1,"pids":[1],"name":"","nsid":-1,"links":[${link}],"routes":[]}]`;
    const report = `{"time":1,"namespaces":${spaces}}`;
    worker().say({ type: 'agent', line: `report ${report}` });
    expect(machine.kernel.value?.namespaces[0]?.links[0]?.ifname).toBe('lo');
    const packet = new Uint8Array(20);
    packet[7] = 1;
    worker().say({ type: 'tap', bytes: pcapRecord({ seconds: 1, nanoseconds: 0 }, packet), at: 0 });
    expect(devices).toEqual(['lo']);
  });

  it('that is stopped while it loads comes to an end, and nothing that its thread still says is heard', async () => {
    const { machine, workers, worker } = open();
    const first = machine.start();
    await turn();
    const old = worker();
    await machine.stop();
    await first;
    expect(old.ended).toBe(true);
    old.say({ type: 'running' });
    old.die('it left with status 1');
    expect(machine.state.value.kind).toBe('off');
    const second = machine.start();
    await turn();
    old.say({ type: 'failed', reason: 'download', message: 'too late' });
    expect(machine.state.value.kind).toBe('loading');
    worker().say({ type: 'running' });
    await second;
    expect(machine.state.value.kind).toBe('running');
    expect(workers).toHaveLength(2);
  });

  it('that is stopped and started while the emulator is fetched starts one thread, not two', async () => {
    let arrive: (module: WebAssembly.Module) => void = () => {};
    const module = new Promise<WebAssembly.Module>((resolve) => {
      arrive = resolve;
    });
    const { machine, workers } = open(() => module);
    const first = machine.start();
    await machine.stop();
    void machine.start();
    arrive(emptyWasm);
    await first;
    await turn();
    expect(workers).toHaveLength(1);
    expect(machine.state.value.kind).toBe('loading');
  });

  it('says why it failed, and can be tried again', async () => {
    let tries = 0;
    const { machine, worker } = open(async () => {
      if (tries++ === 0) throw new Error('the server answered 503');
      return emptyWasm;
    });
    await expect(machine.start()).rejects.toThrow('the server answered 503');
    expect(machine.state.value).toMatchObject({ kind: 'failed', reason: 'download' });
    expect(JSON.stringify(machine.state.value)).toContain('the server answered 503');
    const again = machine.start();
    again.catch(() => {});
    await turn();
    worker().say({ type: 'failed', reason: 'mismatch', message: 'does not belong together' });
    await expect(again).rejects.toThrow('does not belong together');
    expect(machine.state.value).toEqual({ kind: 'failed', reason: 'mismatch', message: 'does not belong together' });
    expect(worker().ended).toBe(true);
  });

  it('says that the browser keeps nothing for as long as it runs, and what to do; another start finds out anew', async () => {
    const { machine, worker } = open();
    void machine.start();
    await turn();
    worker().say({ type: 'progress', step: 'loading memory', done: 1, total: 2 });
    worker().say({ type: 'storage-full' });
    const remark = expect.stringMatching(/storage for this site is full.*Free some storage, or just go on/);
    expect(machine.state.value).toEqual({ kind: 'loading', step: 'loading memory', done: 1, total: 2, remark });
    worker().say({ type: 'running' });
    expect(machine.state.value).toEqual({ kind: 'running', remark });
    const frozen = machine.freeze();
    await turn();
    expect(machine.state.value).toEqual({ kind: 'frozen', reason: 'reader', remark });
    worker().answer('freeze');
    await frozen;
    await machine.stop();
    expect(machine.state.value).toEqual({ kind: 'off' });
    void machine.start();
    expect(machine.state.value).toEqual({ kind: 'loading', step: 'starting', done: 0, total: 0 });
    await machine.stop();
  });
});

describe('a machine whose connection is gone while it is downloaded', () => {
  it('says so at once, and no longer when parts come again', async () => {
    const { machine, worker } = open();
    void machine.start();
    await turn();
    worker().say({ type: 'connection', gone: true });
    const remark = expect.stringMatching(/^The connection is gone.*goes on by itself when the connection is back\.$/);
    expect(machine.state.value).toMatchObject({ kind: 'loading', remark });
    worker().say({ type: 'connection', gone: false });
    expect(machine.state.value).not.toHaveProperty('remark');
    await machine.stop();
  });
});

describe('a machine that runs', () => {
  it('runs no command before it runs, nor while it is frozen, and says what to do', async () => {
    const { machine, worker } = open();
    await expect(machine.exec('true')).rejects.toThrow('host-01 is off. Start it, then run the command again.');
    const started = machine.start();
    await expect(machine.exec('true')).rejects.toThrow(
      'host-01 is still starting. Run the command again when it runs.',
    );
    await turn();
    worker().say({ type: 'running' });
    await started;
    void machine.freeze();
    await turn();
    await expect(machine.exec('true')).rejects.toThrow('host-01 is frozen: nothing happens in it. Let it go on,');
    await machine.stop();
  });

  it('answers commands; one that is gone says so', async () => {
    const { machine, worker } = await running();
    const result = machine.exec('true');
    const id = worker().lines().at(-1)?.split(' ')[1];
    worker().say({ type: 'agent', line: `exit ${id} 0 ${btoa('hi')} ` });
    expect(await result).toMatchObject({ stdout: 'hi', exitCode: 0 });
    const cut = machine.exec('sleep 9');
    worker().die('out of memory');
    expect(await cut).toMatchObject({ exitCode: 255 });
    expect(machine.state.value).toMatchObject({ kind: 'failed', reason: 'worker-gone' });
    await expect(machine.exec('true')).rejects.toThrow("host-01 has stopped. The emulator's thread");
    expect(await machine.statistics()).toBeUndefined();
    await expect(machine.save()).rejects.toThrow('host-01 is not switched on');
  });

  it('stands from freeze to thaw, one after the other however fast they are asked for', async () => {
    const { machine, worker } = await running();
    const frozen = machine.freeze('hidden');
    const thawed = machine.thaw();
    const frozenAgain = machine.freeze();
    await turn();
    expect(machine.state.value).toEqual({ kind: 'frozen', reason: 'hidden' });
    const asked = () => worker().posted.flatMap(({ type }) => (type === 'freeze' || type === 'thaw' ? [type] : []));
    expect(asked()).toEqual(['freeze']);
    worker().answer('freeze');
    await frozen;
    await turn();
    expect(asked()).toEqual(['freeze', 'thaw']);
    worker().answer('thaw');
    await thawed;
    await turn();
    expect(asked()).toEqual(['freeze', 'thaw', 'freeze']);
    worker().answer('freeze');
    await frozenAgain;
    expect(machine.state.value).toEqual({ kind: 'frozen', reason: 'reader' });
  });

  it('stands because the reader wants it to, once the reader does; that nobody sees it changes nothing then', async () => {
    const { machine, worker } = await running();
    const asked = () => worker().posted.filter(({ type }) => type === 'freeze').length;
    const frozen = machine.freeze('hidden');
    await turn();
    worker().answer('freeze');
    await frozen;
    await machine.freeze('reader');
    expect(machine.state.value).toEqual({ kind: 'frozen', reason: 'reader' });
    await machine.freeze('hidden');
    expect(machine.state.value).toEqual({ kind: 'frozen', reason: 'reader' });
    expect(asked()).toBe(1);
  });

  it('that fails while it is thawed stays failed', async () => {
    const { machine, worker } = await running();
    const frozen = machine.freeze();
    await turn();
    worker().answer('freeze');
    await frozen;
    const thawed = machine.thaw();
    await turn();
    worker().say({ type: 'failed', reason: 'guest-panic', message: 'panic' });
    await thawed;
    expect(machine.state.value).toMatchObject({ kind: 'failed', reason: 'guest-panic' });
  });

  it('takes its consoles and its network card where they belong, and tells a restored guest their size again', async () => {
    const { machine, worker } = await running();
    machine.consoles[1]?.resize(100, 30);
    machine.consoles[1]?.write(Uint8Array.of(13));
    machine.nic.send(Uint8Array.of(1, 2));
    expect(worker().posted.slice(-3)).toEqual([
      { type: 'console-resize', console: 1, columns: 100, rows: 30 },
      { type: 'console-input', console: 1, bytes: Uint8Array.of(13) },
      { type: 'frame', bytes: Uint8Array.of(1, 2) },
    ]);
    const frames: Uint8Array[] = [];
    const end = machine.nic.onFrame((frame) => frames.push(frame));
    worker().say({ type: 'frame', bytes: Uint8Array.of(3) });
    end();
    worker().say({ type: 'frame', bytes: Uint8Array.of(4) });
    expect(frames).toEqual([Uint8Array.of(3)]);
    await machine.stop();
    void machine.start();
    await turn();
    worker().say({ type: 'running' });
    expect(worker().posted.at(-1)).toEqual({ type: 'console-resize', console: 1, columns: 100, rows: 30 });
  });

  it('does not mind what its agent says', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { machine, worker } = await running();
    for (const line of ['report {', 'report', 'exit', 'x', '']) worker().say({ type: 'agent', line });
    expect(warned).toHaveBeenCalledTimes(2);
    expect(machine.state.value.kind).toBe('running');
    expect(machine.kernel.value).toBeNull();
  });

  describe('whose agent', () => {
    const report = 'report {"time":1,"namespaces":[]}';
    const silent = {
      kind: 'running',
      remark: expect.stringMatching(/agent of host-01 does not report.*Reset the lab/),
    };

    beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
    afterEach(() => void vi.useRealTimers());

    async function frozenFor(opened: Awaited<ReturnType<typeof running>>, milliseconds: number): Promise<void> {
      const frozen = opened.machine.freeze();
      await turn();
      opened.worker().answer('freeze');
      await frozen;
      vi.advanceTimersByTime(milliseconds);
      const thawed = opened.machine.thaw();
      await turn();
      opened.worker().answer('thaw');
      await thawed;
    }

    it('does not report for a minute says so until it does', async () => {
      const { machine, worker } = await running();
      vi.advanceTimersByTime(59_999);
      // A sign of life is not yet a picture.
      worker().say({ type: 'agent', line: 'hello 7c1b' });
      vi.spyOn(console, 'warn').mockImplementation(() => {});
      worker().say({ type: 'agent', line: 'report {' });
      expect(machine.state.value).toEqual({ kind: 'running' });
      vi.advanceTimersByTime(1);
      expect(machine.state.value).toEqual(silent);
      worker().say({ type: 'agent', line: report });
      expect(machine.state.value).toEqual({ kind: 'running' });
      expect(machine.kernel.value).not.toBeNull();
      vi.advanceTimersByTime(3_600_000);
      expect(machine.state.value).toEqual({ kind: 'running' });
    });

    it('was restarted is asked, and waited for, again', async () => {
      const { machine, worker } = await running();
      worker().say({ type: 'agent', line: 'hello 7c1a' });
      worker().say({ type: 'agent', line: report });
      vi.advanceTimersByTime(3_600_000);
      expect(machine.state.value).toEqual({ kind: 'running' });
      worker().say({ type: 'agent', line: 'hello 7c1b' });
      expect(worker().lines().at(-1)).toBe('report');
      vi.advanceTimersByTime(60_000);
      expect(machine.state.value).toEqual(silent);
    });

    it('cannot report while time stands still is given its time afterwards', async () => {
      const opened = await running();
      vi.advanceTimersByTime(50_000);
      await frozenFor(opened, 3_600_000);
      vi.advanceTimersByTime(9999);
      expect(opened.machine.state.value).toEqual({ kind: 'running' });
      vi.advanceTimersByTime(1);
      expect(opened.machine.state.value).toEqual(silent);
    });

    it('runs a command has as much time for it as if it had not been frozen in between', async () => {
      const opened = await running();
      const { machine, worker } = opened;
      worker().say({ type: 'agent', line: report });
      const result = machine.exec('sleep 3', { timeout: 5000 });
      await frozenFor(opened, 3_600_000);
      const id = worker().lines().at(-1)?.split(' ')[1];
      worker().say({ type: 'agent', line: `exit ${id} 0 ${btoa('slept')} ` });
      expect(await result).toMatchObject({ stdout: 'slept', exitCode: 0 });
    });

    it('is gone with its machine is not waited for', async () => {
      const { machine } = await running();
      await machine.stop();
      expect(vi.getTimerCount()).toBe(0);
      vi.advanceTimersByTime(3_600_000);
      expect(machine.state.value).toEqual({ kind: 'off' });
    });

    it('was frozen when its machine was stopped is waited for when that is started again', async () => {
      const { machine, worker } = await running();
      void machine.freeze();
      await turn();
      await machine.stop();
      void machine.start();
      await turn();
      worker().say({ type: 'running' });
      vi.advanceTimersByTime(60_000);
      expect(machine.state.value).toEqual(silent);
      await machine.stop();
    });
  });

  it('goes slowly when it is told to, and still does when it is started again', async () => {
    const { machine, worker } = await running();
    machine.setSpeed(0.25);
    expect(worker().posted.at(-1)).toEqual({ type: 'speed', speed: 0.25 });
    await machine.stop();
    const started = machine.start();
    await turn();
    worker().say({ type: 'running' });
    await started;
    expect(worker().posted).toContainEqual({ type: 'speed', speed: 0.25 });
    expect(() => machine.setSpeed(0)).toThrow('choose 0.1 to 1');
  });

  it('is off when it is disposed of, and tells nobody anything any more', async () => {
    const { machine, worker } = await running();
    const heard: unknown[] = [];
    machine.onTap((batch) => heard.push(batch));
    machine.nic.onFrame((frame) => heard.push(frame));
    machine.consoles[0]?.onOutput((bytes) => heard.push(bytes));
    heard.length = 0;
    await machine.dispose();
    expect(worker().ended).toBe(true);
    worker().say({ type: 'frame', bytes: Uint8Array.of(1) });
    worker().say({ type: 'console-output', console: 0, bytes: Uint8Array.of(1) });
    expect(heard).toEqual([]);
    expect(machine.state.value).toEqual({ kind: 'off' });
  });
});
