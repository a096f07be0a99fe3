// The commands of an episode, read from its MDX source in the order in which a reader meets them. For the content tests
// and for tools; the page itself renders run.astro. Only what content/README.md allows in an attribute is understood:
// a quoted string, a number, a list of quoted strings, or, of `free`, nothing.
export interface RunBlock {
  readonly command: string;
  /** The machine. */
  readonly on: string;
  /** Regular expressions, flag m. */
  readonly expect: readonly string[];
  /** Exit status. */
  readonly status: number;
  /** Which of the machine's terminals, counted from 1. */
  readonly terminal: number;
  /** An exercise: nothing is claimed of it, and it need not end by itself. */
  readonly free: boolean;
  /** Line of the source, counted from 1. */
  readonly line: number;
}

const attribute =
  /\s+(?:(free)(?=[\s/>])|([a-z]+)=(?:"([^"]*)"|'([^']*)'|\{\s*(\[[^\]]*(?:\[[^\]]*\][^\]]*)*\]|-?\d+)\s*\}))/y;
const quoted = /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g;

/** Throws, with the line, at a <Run> whose attributes cannot be read: a command that is skipped would never be tested. */
export function extractRuns(source: string): readonly RunBlock[] {
  const blocks: RunBlock[] = [];
  for (const match of source.matchAll(/^[ \t]*<Run\b/gm)) {
    const line = source.slice(0, match.index + match[0].length).split('\n').length;
    const values = new Map<string, string | readonly string[]>();
    attribute.lastIndex = match.index + match[0].length;
    let end = attribute.lastIndex;
    for (let part = attribute.exec(source); part; part = attribute.exec(source)) {
      const [, flag, name = '', double, single, code = ''] = part;
      if (flag !== undefined) values.set(flag, '');
      else values.set(name, double ?? single ?? (code.startsWith('[') ? listOf(code) : code));
      end = attribute.lastIndex;
    }
    if (!/^\s*\/?>/.test(source.slice(end)))
      throw new Error(
        `line ${line}: cannot read the attributes of this <Run>; content/README.md says how they are written`,
      );
    const command = values.get('command');
    if (typeof command !== 'string' || command.trim() === '') throw new Error(`line ${line}: <Run> needs a command`);
    const free = values.has('free');
    if (free && (values.has('expect') || values.has('status')))
      throw new Error(`line ${line}: an exercise (free) claims nothing: it has neither expect nor status`);
    const isAfterFree = blocks.some((block) => block.free);
    if (!free && isAfterFree)
      throw new Error(`line ${line}: exercises (free) stand after all other commands, which may not lean on them`);
    const on = values.get('on') ?? 'host-01';
    const expect = values.get('expect') ?? [];
    blocks.push({
      command: command.trim(),
      on: String(on),
      expect: typeof expect === 'string' ? [expect] : expect,
      status: Number(values.get('status') ?? 0),
      terminal: Number(values.get('terminal') ?? 1),
      free,
      line,
    });
  }
  return blocks;
}

/** The strings of a JavaScript list, with its escapes undone. */
function listOf(code: string): readonly string[] {
  return [...code.matchAll(quoted)].map(([, single, double]) => (single ?? double ?? '').replaceAll(/\\(.)/g, '$1'));
}
