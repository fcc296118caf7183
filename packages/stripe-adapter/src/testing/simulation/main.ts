import { simulateStripe } from './simulation.ts';
const [, , first = '1', count = '1'] = process.argv;
let ms = performance.now();
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const r = await simulateStripe(seed);
  const now = performance.now();
  console.log(seed, r.options.reliance, r.options.polls, 'steps', r.steps, 'events', r.events, 'calls', r.calls, `${Math.round(now - ms)} ms`, r.violation ? `${r.violation.law}: ${r.violation.message}`.slice(0, 700) : 'ok');
  ms = now;
}
