// The program of `npm run bench [-- NAME [OPTIONS]]`. Without a name, or as `all`: each whose figures stand in the README, which takes
// an hour. Its figures are ratios within one run, because machines differ.
import { checkpoints } from './append-with-checkpoints.ts';
import { coldStart } from './cold-start.ts';
import { consoleBench } from './console.ts';
import { growth } from './growth.ts';
import { http } from './http.ts';
import { install } from './install.ts';
import { observe } from './observe.ts';
import { peers } from './peers.ts';
import { poll } from './poll.ts';
import { replay } from './replay.ts';
import { start } from './start.ts';
import { store } from './store.ts';
import { subscriptions } from './subscriptions.ts';

const benchmarks: Readonly<Record<string, () => Promise<void>>> = {
  checkpoints,
  'cold-start': coldStart,
  console: consoleBench,
  growth,
  http,
  install,
  observe,
  peers,
  poll,
  replay,
  start,
  store,
  subscriptions,
};
const ofReadme = [peers, http, growth, observe, subscriptions, start, install];

const [name = 'all'] = process.argv.slice(2);
const run = benchmarks[name];
if (name === 'all') for (const each of ofReadme) await each();
else if (run) await run();
else {
  console.error(`No benchmark "${name}". There are: all, ${Object.keys(benchmarks).join(', ')}`);
  process.exitCode = 2;
}
