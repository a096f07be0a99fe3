// What is wrong with a lab file. Apart from the parser, so that whoever only has to know such an error when it comes by does
// not load YAML and a schema for it.

export interface LabFileProblem {
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  readonly message: string;
}

/** Everything that is wrong with one file, in the order of its lines. */
export class LabFileError extends Error {
  override readonly name = 'LabFileError';
  readonly file: string;
  readonly problems: readonly LabFileProblem[];

  constructor(file: string, problems: readonly LabFileProblem[]) {
    super(problems.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`).join('\n'));
    this.file = file;
    this.problems = problems;
  }
}
