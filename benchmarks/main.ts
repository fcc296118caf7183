// The program of `npm run bench -- NAME`. Its figures are ratios within one run, because machines differ.
import { checkpoints } from './append-with-checkpoints.ts';
import { coldStart } from './cold-start.ts';
import { consoleBench } from './console.ts';
import { http } from './http.ts';
import { observe } from './observe.ts';
import { poll } from './poll.ts';
import { replay } from './replay.ts';
import { store } from './store.ts';
import { subscriptions } from './subscriptions.ts';

const benchmarks: Readonly<Record<string, () => Promise<void>>> = {
  checkpoints,
  'cold-start': coldStart,
  console: consoleBench,
  http,
  observe,
  poll,
  replay,
  store,
  subscriptions,
};
const [name = ''] = process.argv.slice(2);
const run = benchmarks[name];
if (run) await run();
else {
  console.error(`No benchmark "${name}". There are: ${Object.keys(benchmarks).join(', ')}`);
  process.exitCode = 2;
}
