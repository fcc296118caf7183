// Runs `paidonce-stripe` on this process: its arguments, its streams, its exit code.
import { runProcess } from '@paidonce/ledger/command-line';
import { paidonceStripe } from './paidonce-stripe.ts';

await runProcess(paidonceStripe);
