import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentClient } from './agent-client.ts';
import { GuestTimers } from './guest-timers.ts';

const text = fc.string({ unit: 'grapheme' });
const toBase64 = (value: string) => Buffer.from(value).toString('base64');

function open() {
  const sent: string[] = [];
  const heard: string[] = [];
  const timers = new GuestTimers();
  const agent = new AgentClient(
    (line) => sent.push(line),
    {
      onHello: () => heard.push('hello'),
      onReport: (json) => heard.push(json),
      onEvidence: (text) => heard.push(text),
    },
    timers,
  );
  return { agent, sent, heard, timers };
}

/** Takes "exec ID SECONDS BASE64" apart as the agent's `read -r verb id rest` does. */
function parse(line = ''): { id: string; seconds: number; command: string } {
  const [verb, id = '', seconds, command = '', ...more] = line.split(' ');
  expect(verb).toBe('exec');
  expect(more).toEqual([]);
  return { id, seconds: Number(seconds), command: Buffer.from(command, 'base64').toString() };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a command for the machine', () => {
  it('that reads says how many bytes of input follow', () => {
    const { agent, sent } = open();
    void agent.exec('tar -x', { inputBytes: 70_000 });
    expect(sent[0]).toMatch(/^exec \S+ 60 \S+ 70000$/);
  });

  it('goes out whole, on one line, and its answer comes back whole, in any language and with any status', async () => {
    await fc.assert(
      fc.asyncProperty(text, text, text, fc.nat(255), async (command, stdout, stderr, exitCode) => {
        const { agent, sent } = open();
        const result = agent.exec(command);
        expect(sent[0]).not.toMatch(/[\n\r]/);
        const { id, command: arrived } = parse(sent[0]);
        expect(arrived).toBe(command.toWellFormed());
        vi.advanceTimersByTime(30);
        agent.receive(`exit ${id} ${exitCode} ${toBase64(stdout)} ${toBase64(stderr)}`);
        expect(await result).toEqual({ stdout, stderr, exitCode, ms: 30 });
        expect(agent.waiting).toBe(0);
        expect(vi.getTimerCount()).toBe(0);
      }),
    );
  });

  it('gets its own answer when several run at once and end in another order', async () => {
    const { agent, sent } = open();
    const results = Promise.all(['a', 'b', 'c'].map((command) => agent.exec(command)));
    expect(agent.waiting).toBe(3);
    for (const line of sent.slice().reverse()) {
      const { id, command } = parse(line);
      agent.receive(`exit ${id} 0 ${toBase64(`${command}!`)} `);
    }
    expect((await results).map(({ stdout }) => stdout)).toEqual(['a!', 'b!', 'c!']);
    expect(agent.waiting).toBe(0);
  });

  it('is ended by the guest at its timeout, in whole seconds, at least one', () => {
    const { agent, sent } = open();
    for (const timeout of [undefined, 1, 1000, 1001, 90_000])
      void agent.exec('x', timeout === undefined ? {} : { timeout });
    expect(sent.map((line) => parse(line).seconds)).toEqual([60, 1, 1, 2, 90]);
  });

  it('fails when the machine does not even say that it ran into its timeout', async () => {
    const { agent, sent } = open();
    const result = agent.exec('sleep 100', { timeout: 5000 });
    const failed = expect(result).rejects.toThrow('The machine did not answer within 15 s: sleep 100');
    vi.advanceTimersByTime(14_999);
    expect(agent.waiting).toBe(1);
    vi.advanceTimersByTime(1);
    await failed;
    expect(agent.waiting).toBe(0);
    // The answer that comes after all is nobody's.
    expect(() => agent.receive(`exit ${parse(sent[0]).id} 0 `)).not.toThrow();
  });

  it('is waited for no longer than the machine had time for it: while that is frozen, none passes', async () => {
    const { agent, timers } = open();
    const failed = expect(agent.exec('sleep 100', { timeout: 5000 })).rejects.toThrow('did not answer within 15 s');
    vi.advanceTimersByTime(10_000);
    timers.hold();
    vi.advanceTimersByTime(3_600_000);
    timers.release();
    vi.advanceTimersByTime(4_999);
    expect(agent.waiting).toBe(1);
    vi.advanceTimersByTime(1);
    await failed;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('can be given up while the machine is frozen', async () => {
    const { agent, timers } = open();
    const controller = new AbortController();
    const given = expect(agent.exec('a', { signal: controller.signal })).rejects.toThrow('enough');
    timers.hold();
    controller.abort(new Error('enough'));
    await given;
    timers.release();
    expect(agent.waiting).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends when the agent is restarted; what is asked of the new one is answered by it', async () => {
    const { agent, sent } = open();
    const cut = Promise.all([agent.exec('a'), agent.exec('b')]);
    vi.advanceTimersByTime(40);
    agent.receive('hello 7c1b');
    const stderr = "The machine's agent was restarted before the command ended.\n";
    const ended = { stdout: '', stderr, exitCode: 255, ms: 40 };
    expect(await cut).toEqual([ended, ended]);
    const after = agent.exec('c');
    agent.receive(`exit ${parse(sent[0]).id} 0  `);
    expect(agent.waiting).toBe(1);
    agent.receive(`exit ${parse(sent[2]).id} 0 ${toBase64('new')} `);
    expect(await after).toMatchObject({ stdout: 'new', exitCode: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('can be given up, and leaves nothing on the caller’s signal however it ends', async () => {
    const { agent, sent } = open();
    const controller = new AbortController();
    const { signal } = controller;
    const answered = agent.exec('a', { signal });
    agent.receive(`exit ${parse(sent[0]).id} 0  `);
    await answered;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    const abandoned = agent.exec('b', { signal });
    agent.abandon('gone');
    await abandoned;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    const given = expect(agent.exec('c', { signal })).rejects.toThrow('enough');
    controller.abort(new Error('enough'));
    await given;
    await expect(agent.exec('d', { signal })).rejects.toThrow('enough');
    expect(sent).toHaveLength(3);
    expect(agent.waiting).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is answered for the machine when that is gone', async () => {
    const { agent } = open();
    const results = Promise.all([agent.exec('a'), agent.exec('b')]);
    vi.advanceTimersByTime(10);
    agent.abandon('The machine was stopped.');
    const gone = { stdout: '', stderr: 'The machine was stopped.\n', exitCode: 255, ms: 10 };
    expect(await results).toEqual([gone, gone]);
    expect(agent.waiting).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('what the machine says', () => {
  it('is handed on: its agent’s hello, and reports as they are', () => {
    const { agent, heard } = open();
    agent.receive('hello 7c1b');
    agent.receive('report {"time": 1, "x": "a b"}');
    expect(heard).toEqual(['hello', '{"time": 1, "x": "a b"}']);
  });

  it('never throws and never answers the wrong command, whatever it is', () => {
    const word = fc.oneof(
      fc.constantFrom('exit', 'report', 'hello', 'x2', 'x0', '-1', '999999999999', '', '=', 'QQ'),
      text,
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        const { agent } = open();
        void agent.exec('mine');
        const line = words.join(' ');
        agent.receive(line);
        expect(agent.waiting).toBe(/^hello( |$)/.test(line) ? 0 : 1);
        agent.abandon('');
      }),
    );
  });

  it('ends a command even if its answer is mutilated', async () => {
    fc.assert(
      await fc.asyncProperty(text, async (rest) => {
        const { agent, sent } = open();
        const result = agent.exec('mine');
        agent.receive(`exit ${parse(sent[0]).id} ${rest}`);
        expect(Number.isInteger((await result).exitCode)).toBe(true);
        expect(agent.waiting).toBe(0);
      }),
    );
    const { agent, sent } = open();
    const result = agent.exec('mine');
    agent.receive(`exit ${parse(sent[0]).id} nonsense %%% %%%`);
    expect(await result).toMatchObject({ exitCode: 255, stdout: '', stderr: '' });
  });
});
