// The parts of `npm run torture`: which commands each runs, and what its number counts.

type Run = readonly [script: string, args: readonly string[], env?: Readonly<Record<string, string>>];

export interface Part {
  /** What `N` counts. */
  readonly counts: string;
  /** N, where the part is named without one. */
  readonly otherwise: number;
  /** N, where all parts run. Default: `otherwise`. */
  readonly together?: number;
  /** It draws nothing: a seed changes nothing of it. */
  readonly drawsNothing?: true;
  /** It mounts file systems: where the user is not root, it runs in a namespace in which it is, if the machine allows that. */
  readonly mounts?: true;
  /** The commands of `npm run`, with their arguments and environment, in order. */
  readonly runs: (n: number, seed: number, name: string) => readonly Run[];
  /** What a part is made of: one that is not narrowed to a name runs each of them. Absent: it has no names. */
  readonly names?: readonly string[];
  /** What may be named besides, in words and as it is read. */
  readonly alsoNamed?: { readonly what: string; readonly pattern: RegExp };
}

/** The hardest mutant is caught by a seed below this one. */
const fewestMutantSeeds = 2_000;

/** The options of `npm run simulate`. */
const simulations: Readonly<Record<string, readonly string[]>> = {
  orders: [],
  stripe: ['--stripe'],
  'subscription-laws': ['--subscription-laws'],
  'subscription-adapter': ['--subscription-adapter'],
};

function simulated(n: number, seed: number, name: string): readonly Run[] {
  const args = ['--seeds', String(n), '--seed', String(seed), '--mutants', '--mutant-seeds', String(Math.max(n, fewestMutantSeeds))];
  return [['simulate', [...(simulations[name] ?? []), ...args]]];
}

/** What tests draw from: their own choices, and the cases of properties. */
function seeded(seed: number): Readonly<Record<string, string>> {
  return { TEST_SEED: String(seed), TEST_PROPERTY_SEED: String(seed) };
}

/** Runs test files with larger numbers, which they read from the environment. */
function tested(files: string, env: (n: number) => Readonly<Record<string, string>>): Part['runs'] {
  return (n, seed) => [['test:verify', files.split(' '), { ...seeded(seed), ...env(n) }]];
}

function repeated(files: string, env: Readonly<Record<string, string>> = {}): Part['runs'] {
  return (n) => Array.from({ length: n }, () => ['test:verify', files.split(' '), env] as const);
}

/** Cheapest first. */
export const parts: Readonly<Record<string, Part>> = {
  disk: {
    counts:
      'repetitions, each from a seed of its own, of each trouble of the disk under a running shop: full, read-only, a damaged page, locked, of a newer layout',
    otherwise: 1,
    mounts: true,
    runs: (n, seed) => Array.from({ length: n }, (_, time) => ['test:verify', ['torture/disk'], seeded(seed + time)] as const),
  },
  restore: {
    counts: "customers before each backup of the log, of the shop's tables and of both, which are put back while the shop runs",
    otherwise: 40,
    runs: tested('torture/restore', (n) => ({ TEST_RESTORED: String(n) })),
  },
  fuzz: {
    counts: 'requests that no honest client sends, on loopback: webhooks, status queries, the console',
    otherwise: 100_000,
    runs: tested('packages/http/src/fuzz', (n) => ({ TEST_REQUESTS: String(n) })),
  },
  kill: {
    counts: 'kills (SIGKILL) of the shop under load of all sources, on SQLite, and on PostgreSQL where it is installed',
    otherwise: 100,
    runs: tested('torture/kill', (n) => ({ TEST_KILLS: String(n) })),
  },
  soak: {
    counts: 'minutes of mixed load: memory, latency, lag and event-loop delay must be in the last third what they were in the first',
    otherwise: 10,
    runs: tested('torture/soak', (n) => ({ TEST_SOAK_MINUTES: String(n) })),
  },
  processes: {
    counts: 'repetitions of each test with several processes, some of them killed',
    otherwise: 20,
    together: 3,
    drawsNothing: true,
    runs: repeated('processes concurrency replicas cluster faults'),
  },
  hosts: {
    counts: 'runs of each host example: every combination of NestJS, module system and platform too; it installs them from the registry',
    otherwise: 1,
    drawsNothing: true,
    runs: tested('torture/hosts', (n) => ({ TEST_HOST_RUNS: String(n) })),
  },
  stripe: {
    counts:
      'times that each major of stripe from 17 on plays its purchases, beside our packed packages; it installs them from the registry',
    otherwise: 1,
    drawsNothing: true,
    runs: tested('torture/stripe', (n) => ({ TEST_STRIPE_PLAYS: String(n) })),
  },
  axe: {
    counts: 'repetitions of axe on every page of the console, in both languages, schemes and widths',
    otherwise: 1,
    drawsNothing: true,
    runs: repeated('admin/accessible', { TEST_WHOLE_MATRIX: '1' }),
  },
  conformance: {
    counts: 'repetitions of each mistake of a shop against each scenario of the conformance kit',
    otherwise: 5,
    together: 1,
    drawsNothing: true,
    runs: repeated('conformance/conformance', { TEST_WHOLE_MATRIX: '1' }),
  },
  once: {
    counts: 'runs of each ORM in which a process is killed while it delivers; it installs the ORMs, and skips databases that are not here',
    otherwise: 100,
    together: 20,
    runs: tested('torture/once', (n) => ({ TEST_ONCE_RUNS: String(n) })),
  },
  ownership: {
    counts: 'times the runs of the property that several processes name owners for one payment',
    otherwise: 20,
    together: 5,
    runs: tested('ownership', (n) => ({ TEST_RUNS: String(n) })),
  },
  moves: {
    counts: 'further preemptions in the exploration of moved payments; each makes it several times as long',
    otherwise: 1,
    drawsNothing: true,
    runs: tested('move-payment', (n) => ({ TEST_PREEMPTIONS: String(n) })),
  },
  laws: {
    counts: 'times the runs that `npm test` makes of each property',
    otherwise: 100,
    together: 20,
    runs: (n, seed) => [
      [
        'test',
        ['laws', 'merkle', 'schemas', 'read-models', 'observe-payment', 'memory', 'sqlite'],
        { ...seeded(seed), TEST_RUNS: String(n) },
      ],
    ],
  },
  mutate: {
    counts:
      'hundredths of the runs that `npm test` makes of each property, for each mutant of the pure cores; it installs Stryker from the registry',
    otherwise: 2,
    names: ['order', 'subscription'],
    alsoNamed: { what: 'a file of them, as order/decide.ts', pattern: /^(order|subscription)\/[a-z-]+\.ts$/ },
    runs: (n, seed, name) => [['mutate', [name], { ...seeded(seed), TEST_RUNS: String(n / 100) }]],
  },
  simulate: {
    counts: 'seeds of each simulation; then each mutant runs on the seed that caught it last, or until another one does',
    otherwise: 10_000,
    together: 2_000,
    names: Object.keys(simulations),
    runs: simulated,
  },
};
