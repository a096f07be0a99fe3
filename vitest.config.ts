import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { compileOnce } from './tests/support/chromium.ts';

/** Minutes each; one that begins last would be waited for by an idle core. */
const longest = ['content/episodes', 'machine/overlay', 'machine/operators-overlay', 'machine/several-machines'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = longest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return at < 0 ? longest.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

const calm = ['lab-time', 'lost-frames', 'stop-time', 'wire'].map((name) => `tests/machine/${name}.test.ts`);

/** Of tests with machines in them: what a slow and busy computer takes is no failure. */
const patient = { testTimeout: 900_000, hookTimeout: 900_000, expect: { poll: { timeout: 60_000 } } };

// Each project is a stage of `npm test`; `npx vitest --project unit` watches one.
export default defineConfig({
  test: {
    // Two cores are what the project promises to be testable on; a machine inside a test keeps one of them busy.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: { name: 'unit', include: ['src/**/*.test.{ts,tsx}', 'tests/commands/**/*.test.ts'], testTimeout: 20_000 },
      },
      {
        test: { name: 'fidelity', include: ['tests/fidelity/**/*.test.ts'], testTimeout: 120_000 },
      },
      {
        test: { name: 'truth', include: ['tests/truth/**/*.test.ts'], testTimeout: 120_000 },
      },
      {
        // Real machines, which wait more than they work.
        test: {
          name: 'content',
          include: ['tests/content/**/*.test.ts', 'tests/machine/**/*.test.ts'],
          exclude: calm,
          ...patient,
          execArgv: [compileOnce],
        },
      },
      {
        // Those that look at when something happens, and how fast: one file at a time, so that none starves another one's clock.
        test: { name: 'calm', include: calm, fileParallelism: false, ...patient },
      },
    ],
  },
});
