// Runs a program in this process: its arguments, its streams, its exit code.
import { printable } from '../plain-text.ts';
import { withoutSecrets } from '../secrets.ts';
import { unfinishedPaths } from '../unfinished-paths.ts';
import type { ExitCode } from './command.ts';
import type { ProgramContext } from './program.ts';
import { type OutputStream, openTerminal } from './terminal.ts';

/**
 * Runs the program, and sets the exit code of this process. A bug is printed with its stack, and exits with 2. So does a result
 * that cannot be written, as on a full disk. A signal removes what is not finished.
 */
export async function runProcess(program: (args: readonly string[], context: ProgramContext) => Promise<ExitCode>): Promise<void> {
  unfinishedPaths.removeOnSignals();
  let failure: NodeJS.ErrnoException | undefined;
  const stderr = untilClosed(process.stderr);
  const stdout = untilClosed(process.stdout, (error) => {
    failure = error;
    stderr.write(`Standard output cannot be written: ${error.code ?? error.message}\n`);
  });
  process.once('exit', () => {
    if (failure !== undefined) process.exitCode = 2; // The failure may be known only after the program has ended.
  });
  try {
    process.exitCode = await program(process.argv.slice(2), { env: process.env, terminal: openTerminal(stdout, stderr) });
  } catch (error) {
    if (isClosedPipe(error) || error === failure) return; // `| head` has read enough of a long result.
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    for (const line of stack.split('\n')) console.error(printable(withoutSecrets(line)));
    process.exitCode = 2;
  }
}

/**
 * Returns the stream until its reader closes it (`| head`), or until it fails. From then on lines are dropped and the command goes
 * on, so that it ends with its own exit code: `doctor | head -1` must not turn a problem into a 0.
 * @param onFailure called where it was not closed, but failed.
 */
function untilClosed(stream: NodeJS.WriteStream, onFailure?: (error: NodeJS.ErrnoException) => void): OutputStream {
  let closed: Error | undefined;
  let waiting: { readonly done: () => void; readonly failed: (error: Error) => void } | undefined;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (closed === undefined && !isClosedPipe(error)) onFailure?.(error);
    closed ??= error;
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
