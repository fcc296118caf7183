// Runs `paidonce-stripe` on this process: its arguments, its streams, its exit code.
import { openTerminal } from '@paidonce/ledger/command-line';
import { paidonceStripe } from './paidonce-stripe.ts';

// The reader of the output has closed it (`| head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  process.exitCode = await paidonceStripe(process.argv.slice(2), {
    env: process.env,
    terminal: openTerminal(process.stdout, process.stderr),
  });
} catch (error) {
  console.error(error);
  process.exitCode = 2;
}
