// `npm run mutate`: mutates the pure cores, and runs the tests beside them on each mutant (Stryker). `-- order`, `-- subscription` or
// `-- order/decide.ts`: a part of it. Exits 0 where each mutant is killed, or accepted in accepted.json and alive; 1 where not; 2: there
// is no such file.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import accepted from './accepted.json' with { type: 'json' };
import { cores, filesOf, root } from './cores.ts';
import { install } from './install.ts';
import { isProven, type Judgement, judge, type Report } from './mutants.ts';

const [name, ...others] = process.argv.slice(2);
const files = name === undefined ? cores.flatMap(filesOf) : filesOf(name);
if (others.length > 0 || files.length === 0) {
  console.error('npm run mutate [-- order, subscription, or a file of them, as order/decide.ts]. Without a name: both');
  process.exit(2);
}

const missing = install();
if (missing === undefined) process.exitCode = mutated();
else console.log(`\n  SKIPPED: mutants of the cores. ${missing}\n`);

function mutated(): 0 | 1 {
  const stryker = join(import.meta.dirname, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  // So few runs of each property, since each mutant needs them: what only many runs find has a test of its own.
  const env = { TEST_RUNS: '0.02', TEST_PROPERTY_SEED: '1', ...process.env, NODE_OPTIONS: '' };
  const args = [stryker, 'run', join(import.meta.dirname, 'stryker.json'), '--mutate', files.join(',')];
  // Each mutant of what a module computes as it loads needs a vitest of its own: those of one file are few enough.
  if (files.length > 1) args.push('--ignoreStatic');
  const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) return 1;
  const report = JSON.parse(readFileSync(join(import.meta.dirname, 'reports/mutation.json'), 'utf8')) as Report;
  const judgement = judge(report, accepted);
  for (const line of linesOf(judgement)) console.log(line);
  return isProven(judgement) ? 0 : 1;
}

/** What lives, what is accepted for nothing, and a row for each file and each core. */
function linesOf({ files, living, stale }: Judgement): readonly string[] {
  const sum = (of: typeof files, what: 'mutants' | 'killed' | 'accepted' | 'tables'): number =>
    of.reduce((total, each) => total + each[what], 0);
  const row = (title: string, of: typeof files): string => {
    const [mutants, killed, accepted] = [sum(of, 'mutants'), sum(of, 'killed'), sum(of, 'accepted')];
    const tables = sum(of, 'tables');
    const without = tables > 0 ? `, ${tables} in tables and schemas left out` : '';
    return `${title}: ${mutants} mutants, ${killed} killed, ${accepted} accepted, ${mutants - killed - accepted} living${without}`;
  };
  return [
    ...living.map(({ file, place, mutator, original, replacement }) => `LIVES ${file}:${place} ${mutator}: ${original} → ${replacement}`),
    ...stale.map(
      ({ file, line, mutant }) => `STALE ${file} accepts ${mutant.mutator}: ${mutant.original} → ${mutant.replacement}, in: ${line}`,
    ),
    ...files.map((each) => row(each.file, [each])),
    ...cores.flatMap((core) => {
      const of = files.filter(({ file }) => file.includes(`/src/${core}/`));
      return of.length > 0 ? [row(core, of)] : [];
    }),
  ];
}
