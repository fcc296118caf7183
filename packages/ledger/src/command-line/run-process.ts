// Runs a program in this process: its arguments, its streams, its exit code.
import { printable } from '../plain-text.ts';
import { withoutSecrets } from '../secrets.ts';
import type { ExitCode } from './command.ts';
import type { ProgramContext } from './program.ts';
import { type OutputStream, openTerminal } from './terminal.ts';

/** Runs the program, and sets the exit code of this process. A bug is printed with its stack, and exits with 2. */
export async function runProcess(program: (args: readonly string[], context: ProgramContext) => Promise<ExitCode>): Promise<void> {
  const terminal = openTerminal(untilClosed(process.stdout), untilClosed(process.stderr));
  try {
    process.exitCode = await program(process.argv.slice(2), { env: process.env, terminal });
  } catch (error) {
    if (isClosedPipe(error)) return; // `| head` has read enough of a long result.
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    for (const line of stack.split('\n')) console.error(printable(withoutSecrets(line)));
    process.exitCode = 2;
  }
}

/**
 * Returns the stream until its reader closes it (`| head`). From then on lines are dropped and the command goes on, so that it ends
 * with its own exit code: `doctor | head -1` must not turn a problem into a 0.
 */
function untilClosed(stream: NodeJS.WriteStream): OutputStream {
  let closed: Error | undefined;
  let waiting: { readonly done: () => void; readonly failed: (error: Error) => void } | undefined;
  stream.on('error', (error) => {
    if (!isClosedPipe(error)) throw error;
    closed = error;
    waiting?.failed(error);
  });
  stream.on('drain', () => waiting?.done());
  return {
    isTTY: stream.isTTY,
    hasColors: () => stream.hasColors?.() ?? false,
    write: (text) => closed === undefined && stream.write(text),
    drained: () =>
      new Promise((done, failed) => {
        waiting = { done, failed };
        if (closed) failed(closed);
        else if (!stream.writableNeedDrain) done();
      }),
  };
}

function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}
