// Runs the program in this process, and returns what it prints and its exit code.

import { openTerminal } from '../command-line/terminal.ts';
import { paidonce } from './paidonce.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

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
  return { code, out, err };
}
