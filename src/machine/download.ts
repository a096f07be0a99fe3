// A file that is named by its content: who shares it has it once, a browser keeps it for ever, and a damaged one is noticed.
import { integer, matching, object } from '../basics/json-checks.ts';

export interface Download {
  /** The first 32 hexadecimal digits of the SHA-256 of its bytes. */
  readonly hash: string;
  /** Bytes on their way: compressed, if they are. */
  readonly size: number;
}

/** As a lab's manifest names it (a Check of basics/json-checks.ts). @throws Mismatch */
export function readDownload(value: unknown, path: string): Download {
  const { hash, size } = object(value, path, ['hash', 'size']);
  return {
    hash: matching(hash, `${path}.hash`, /^[0-9a-f]{32}$/, '32 hexadecimal digits'),
    size: integer(size, `${path}.size`, 1),
  };
}
