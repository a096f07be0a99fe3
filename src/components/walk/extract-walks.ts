// The walks of an episode, read from its MDX source, for tests: which recording, and the packets that are asked of it. As
// extract-runs.ts, it understands what content/README.md allows: quoted strings.
export interface WalkBlock {
  readonly recording: string;
  /** Names and display filters. */
  readonly packets: Readonly<Record<string, string>>;
  /** Line of the source, counted from 1. */
  readonly line: number;
}

const pair = /([\w-]+):\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g;

/** Throws, with the line, at a <Walk> that cannot be read: a walk that is skipped would never be tested. */
export function extractWalks(source: string): readonly WalkBlock[] {
  return [...source.matchAll(/^[ \t]*<Walk\b([\s\S]*?)\/?>\s*$/gm)].map((match) => {
    const line = source.slice(0, match.index).split('\n').length;
    const attributes = match[1] ?? '';
    const recording = /\brecording="([\w-]+)"/.exec(attributes)?.[1];
    const packets = /\bpackets=\{\{([\s\S]*)\}\}/.exec(attributes)?.[1];
    if (recording === undefined || packets === undefined)
      throw new Error(
        `line ${line}: cannot read the attributes of this <Walk>; content/README.md says how they are written`,
      );
    const named = [...packets.matchAll(pair)].map(
      ([, name = '', single, double]) => [name, (single ?? double ?? '').replaceAll(/\\(.)/g, '$1')] as const,
    );
    if (named.length === 0) throw new Error(`line ${line}: <Walk> needs packets`);
    return { recording, packets: Object.fromEntries(named), line };
  });
}
