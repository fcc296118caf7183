// Loaded into the shop's process by `--import`: each second it writes a line of JSON on its memory and the delay of its event loop
// to the file that TORTURE_PROBE names.
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const { TORTURE_PROBE: file = '' } = process.env;
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
setInterval(() => {
  const loopDelayMs = delay.percentile(99) / 1e6;
  delay.reset();
  appendFileSync(file, `${JSON.stringify({ memoryMb: process.memoryUsage.rss() / 1024 / 1024, loopDelayMs })}\n`);
}, 1_000).unref();
