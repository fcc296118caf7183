// Runs `paidonce` with the arguments, streams and exit code of this process.

import { openTerminal } from '../command-line/terminal.ts';
import { paidonce } from './paidonce.ts';

// The reader of the output has closed it, such as `| head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  process.exitCode = await paidonce(process.argv.slice(2), { env: process.env, terminal: openTerminal(process.stdout, process.stderr) });
} catch (error) {
  console.error(error);
  process.exitCode = 2;
}
