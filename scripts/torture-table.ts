// The table that `npm run torture` ends with: what each part has done, by the lines that its tests and simulations print.
import { stripVTControlCharacters } from 'node:util';

export interface Ended {
  /** Its name and its number, as they are given on the command line. */
  readonly part: string;
  /** The options that run it again: its name, its number and its seed. */
  readonly again: string;
  readonly minutes: number;
  readonly failed: boolean;
  /** Everything that it printed. */
  readonly printed: string;
}

/** Lines that say what was done: of a test of the torture, of a simulation, of the fuzzer, of vitest, of the mutants of the cores. */
const figureLines = [
  /^torture \w+, seed \d+: (.+)$/,
  /^(\d+ seeds(?: of [a-z ]+)?(?:,| in) .+)$/,
  /^(\d+ of \d+ mutants caught)$/,
  /^(Event-loop delay .+)$/,
  /^ +Tests {2}(.+)$/,
  /^((?:order|subscription): \d+ mutants, .+)$/,
];

/** The figures of a part, a line each, and what it has skipped. */
export function figuresIn(printed: string): readonly string[] {
  return stripVTControlCharacters(printed)
    .split('\n')
    .flatMap((line) => {
      const [skipped] = /SKIPPED: .+/.exec(line) ?? [];
      return skipped ?? figureLines.flatMap((figure) => figure.exec(line)?.[1] ?? []);
    });
}

/** True: what it needs is not here, and nothing of it ran. */
export function wasSkipped({ failed, printed }: Pick<Ended, 'failed' | 'printed'>): boolean {
  const figures = figuresIn(printed);
  return !failed && figures.length > 0 && figures.every((line) => line.startsWith('SKIPPED: ') || /^\d+ skipped/.test(line));
}

export function tableOf(all: readonly Ended[]): readonly string[] {
  const width = Math.max(...all.map(({ part }) => part.length), 'part'.length);
  const row = (part: string, minutes: string, verdict: string, figures: string): string =>
    `${part.padEnd(width)}  ${minutes.padStart(7)}  ${verdict.padEnd(7)}  ${figures}`.trimEnd();
  return [
    row('part', 'minutes', 'verdict', 'figures'),
    row('-'.repeat(width), '-'.repeat(7), '-'.repeat(7), '-'.repeat(7)),
    ...all.flatMap((ended) => {
      const { part, minutes, failed, printed } = ended;
      const [first = '', ...others] = figuresIn(printed);
      const verdict = failed ? 'FAILED' : wasSkipped(ended) ? 'skipped' : 'holds';
      return [row(part, minutes.toFixed(1), verdict, first), ...others.map((figures) => row('', '', '', figures))];
    }),
  ];
}

/** 0: no part failed. */
export function exitCodeOf(all: readonly Ended[]): 0 | 1 {
  return all.every(({ failed }) => !failed) ? 0 : 1;
}
