// Loaded into the shop's process by `--import`: each second it writes a line of JSON on its memory and the delay of its event loop
// to the file that TORTURE_PROBE names.
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const { TORTURE_PROBE: file = '' } = process.env;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
/** What is reachable is only known after a collection, which stops the process: so not at each line. */
const linesPerCollection = 5;
let lines = 0;
let reachableMb = 0;
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
setInterval(() => {
  const loopDelayMs = delay.percentile(99) / 1e6;
  if (lines % linesPerCollection === 0) {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    reachableMb = (heapUsed + external) / 1024 / 1024;
  }
  lines += 1;
  appendFileSync(file, `${JSON.stringify({ reachableMb, residentMb: process.memoryUsage.rss() / 1024 / 1024, loopDelayMs })}\n`);
  delay.reset();
}, 1_000).unref();
