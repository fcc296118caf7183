// Runs `paidonce` with the arguments, streams and exit code of this process.
import { runProcess } from '../command-line/run-process.ts';
import { paidonce } from './paidonce.ts';

await runProcess(paidonce);
