// Runs the program in this process, and returns what it prints and its exit code.

import { openTerminal } from '../command-line/terminal.ts';
import { paidonce } from './paidonce.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  /** Without the lines that name the stores. */
  readonly err: string;
  /** The lines that name the stores that were opened. */
  readonly stores: readonly string[];
}

/** A line that names a store that a command has opened. */
const storeLine = /^(?:sqlite:.*, [\d,]+ orders?|(?:esdb|kurrentdb)(?:\+discover)?:\S+)$/;

export async function runPaidonce(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  let [out, err] = ['', ''];
  const stream = (take: (text: string) => void) => ({
    write: (text: string) => {
      take(text);
      return true;
    },
    drained: async () => undefined,
  });
  const terminal = openTerminal(
    stream((text) => {
      out += text;
    }),
    stream((text) => {
      err += text;
    }),
  );
  const code = await paidonce(args, { env, terminal });
  const lines = err.split('\n');
  return { code, out, err: lines.filter((line) => !storeLine.test(line)).join('\n'), stores: lines.filter((line) => storeLine.test(line)) };
}
