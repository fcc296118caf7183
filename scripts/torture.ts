// `npm run torture -- --PART [N]`: the same code as in the tests, with far larger numbers, one part at a time. It takes from
// minutes to hours, and no other command calls it. Exits 1 if the part fails, 2 if there is no such part.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

interface Part {
  /** What `N` counts, and how many without it. */
  readonly counts: string;
  readonly otherwise: number;
  /** The commands of `npm run`, with their arguments and environment, in order. */
  readonly runs: (n: number) => readonly (readonly [script: string, args: readonly string[], env?: NodeJS.ProcessEnv])[];
}

const parts: Readonly<Record<string, Part>> = {
  simulate: {
    counts: 'seeds of each simulation; then it searches as many for the one that catches each mutant, and rewrites mutant-seeds.json',
    otherwise: 2_000,
    runs: (n) => [
      ['simulate', ['--seeds', String(n), '--mutants', '--mutant-seeds', String(n)]],
      ['simulate', ['--stripe', '--seeds', String(n), '--mutants', '--mutant-seeds', String(n)]],
    ],
  },
  laws: {
    counts: 'times the runs that `npm test` makes of each property',
    otherwise: 100,
    runs: (n) => [['test', ['laws', 'merkle', 'schemas', 'read-models', 'observe-payment', 'memory', 'sqlite'], { TEST_RUNS: String(n) }]],
  },
  ownership: {
    counts: 'times the runs of the property that several processes name owners for one payment',
    otherwise: 20,
    runs: (n) => [['test:verify', ['ownership'], { TEST_RUNS: String(n) }]],
  },
  moves: {
    counts: 'further preemptions in the exploration of moved payments; each makes it several times as long',
    otherwise: 1,
    runs: (n) => [['test:verify', ['move-payment'], { TEST_PREEMPTIONS: String(n) }]],
  },
  conformance: {
    counts: 'repetitions of each mistake of a shop against each scenario of the conformance kit',
    otherwise: 5,
    runs: (n) => Array.from({ length: n }, () => ['test:verify', ['conformance/conformance'], { TEST_WHOLE_MATRIX: '1' }]),
  },
  fuzz: {
    counts: 'requests that no honest client sends, on loopback: webhooks, status queries, the console. TEST_SEED draws others (1)',
    otherwise: 100_000,
    runs: (n) => [['test:verify', ['packages/http/src/fuzz'], { TEST_REQUESTS: String(n) }]],
  },
  axe: {
    counts: 'repetitions of axe on every page of the console, in both languages, schemes and widths',
    otherwise: 1,
    runs: (n) => Array.from({ length: n }, () => ['test:verify', ['admin/accessible'], { TEST_WHOLE_MATRIX: '1' }]),
  },
  once: {
    counts: 'runs of each ORM in which a process is killed while it delivers; it installs the ORMs, and skips databases that are not here',
    otherwise: 100,
    runs: (n) => [['test:verify', ['torture/once'], { TEST_ONCE_RUNS: String(n) }]],
  },
  stripe: {
    counts:
      'times that each major of stripe from 17 on plays its purchases, beside our packed packages; it installs them from the registry',
    otherwise: 1,
    runs: (n) => [['test:verify', ['torture/stripe'], { TEST_STRIPE_PLAYS: String(n) }]],
  },
  hosts: {
    counts: 'runs of each host example: every combination of NestJS, module system and platform too; it installs them from the registry',
    otherwise: 1,
    runs: (n) => [['test:verify', ['torture/hosts'], { TEST_HOST_RUNS: String(n) }]],
  },
  processes: {
    counts: 'repetitions of each test with several processes, some of them killed',
    otherwise: 20,
    runs: (n) => Array.from({ length: n }, () => ['test:verify', ['processes', 'concurrency', 'replicas', 'cluster', 'faults']]),
  },
};

const options = Object.fromEntries(Object.keys(parts).map((name) => [name, { type: 'boolean' as const }]));
const { values, positionals } = parse();
const [name = '', ...others] = Object.keys(values);
const part = parts[name] ?? explain();
const [given = String(part.otherwise)] = positionals;
const n = /^\d+$/.test(given) ? Number(given) : Number.NaN; // `1e1` and `0x10` are typing errors.
if (others.length > 0 || positionals.length > 1 || !Number.isSafeInteger(n) || n < 1) explain();

for (const [script, args, env] of part.runs(n)) {
  const { status } = spawnSync('npm', ['run', '--silent', script, '--', ...args], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, ...env },
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(1);
}

function parse() {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch {
    return explain();
  }
}

function explain(): never {
  console.error('npm run torture -- --PART [N]. The parts, and what N counts:');
  for (const [name, { counts, otherwise }] of Object.entries(parts)) console.error(`  --${name.padEnd(12)} ${counts} (${otherwise})`);
  process.exit(2);
}
