// `npm run verify`: all that must hold before a change is merged, cheapest first. Stops at the first failure
// with exit code 1. Each step is an npm script of its own, so that it can be run again alone.
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
];

const seconds = (sinceMs: number): string => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
const startedMs = performance.now();

for (const [index, { script, title }] of steps.entries()) {
  const stepMs = performance.now();
  console.log(`\n── ${index + 1}/${steps.length} ${title}: npm run ${script}`);
  const { status } = spawnSync('npm', ['run', '--silent', script], { stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) {
    console.log(`── ${title}: failed after ${seconds(stepMs)}. Once it is mended: npm run ${script}, then npm run verify`);
    process.exit(1);
  }
  console.log(`── ${title}: ok in ${seconds(stepMs)}`);
}
console.log(`\n── verified in ${seconds(startedMs)}`);
