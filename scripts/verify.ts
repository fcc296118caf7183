// `npm run verify`: all that must hold before a change is merged, cheapest first. Stops at the first failure with exit
// code 1, and never for time. Each step is an npm script of its own, so that it can be run again alone.
import { spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';

const steps = [
  { script: 'lint', title: 'format, lint, layers' },
  { script: 'typecheck', title: 'types' },
  { script: 'build', title: 'build' },
  { script: 'api:check', title: 'API reports' },
  { script: 'test', title: 'tests' },
  { script: 'unused', title: 'unused code' },
  { script: 'check-packages', title: 'packed packages' },
  { script: 'smoke', title: 'a purchase on each Node' },
  { script: 'test:verify', title: 'long tests: servers, processes, browsers, simulations' },
];

const minutes = (ms: number): string => `${(ms / 60_000).toFixed(1)} min`;
const startedMs = performance.now();
const parts: string[] = [];

for (const [index, { script, title }] of steps.entries()) {
  const stepMs = performance.now();
  console.log(`\n── ${index + 1}/${steps.length} ${title}: npm run ${script}`);
  const { status } = spawnSync('npm', ['run', '--silent', script], { stdio: 'inherit', shell: process.platform === 'win32' });
  parts.push(`   ${minutes(performance.now() - stepMs).padStart(8)}  ${title}`);
  if (status !== 0) {
    console.log(`── ${title}: failed. After the repair: npm run ${script}, then npm run verify`);
    process.exit(1);
  }
}
console.log(`\n── verified in ${minutes(performance.now() - startedMs)}\n${parts.join('\n')}`);
