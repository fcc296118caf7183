// Runs `paidonce-sandbox` on this process: its arguments, its streams, its exit code.
import { once } from 'node:events';
import { paidonceSandbox } from './paidonce-sandbox.ts';

process.exitCode = await paidonceSandbox(process.argv.slice(2), {
  env: process.env,
  out: (line) => console.log(line),
  err: (line) => console.error(line),
  interrupted: () => Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]),
});
