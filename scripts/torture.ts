// `npm run torture`: the same code as in the tests, with far larger numbers. All parts, or `-- --PART [NAME] [N]`: one of them, or of
// what it is made of. It takes from minutes to hours, and no other command calls it. `--seed S` draws otherwise (1). `--save` keeps
// what came out in `torture/results`, but not of a part that was skipped. It ends in a table, and exits 1 if a part fails, 2 if it
// does not understand its options.
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { saveResults } from './save-results.ts';
import type { TortureResults } from './torture-figures.ts';
import { type Part, parts } from './torture-parts.ts';
import { type Ended, exitCodeOf, figuresIn, tableOf, wasSkipped } from './torture-table.ts';

const options = Object.fromEntries(Object.keys(parts).map((name) => [name, { type: 'boolean' as const }]));
const { values, positionals } = parse();
const { seed: givenSeed = '1', save = false, ...chosen } = values as { readonly seed?: string; readonly save?: boolean };
const [only, ...others] = Object.keys(chosen);
if (others.length > 0 || positionals.length > (only === undefined ? 0 : 2)) explain();
const seed = whole(givenSeed);

const ended: Ended[] = [];
for (const [name, part] of Object.entries(parts).filter(([each]) => only === undefined || each === only)) {
  const [given = '', ...further] = positionals;
  const isNamed = part.names?.includes(given) === true || part.alsoNamed?.pattern.test(given) === true;
  const [count, ...more] = isNamed || given === '' ? further : positionals;
  if (more.length > 0) explain();
  const n = count === undefined ? ((only === undefined ? part.together : undefined) ?? part.otherwise) : whole(count);
  for (const each of isNamed ? [given] : (part.names ?? [''])) ended.push(await tortured(name, part, n, each));
}
for (const line of ['', ...tableOf(ended)]) console.log(line);
for (const { again } of ended.filter(({ failed }) => failed)) console.log(`\nAgain: npm run torture -- --${again}`);
process.exitCode = exitCodeOf(ended);

/** Runs a part, or what it has under that name, to its end, or to its first command that fails. */
async function tortured(part: string, { runs, mounts, drawsNothing }: Part, n: number, name: string): Promise<Ended> {
  const startedMs = performance.now();
  const names = [part, name].filter((each) => each !== '');
  const title = [...names, n].join(' ');
  console.log(`\n── torture: ${title}${drawsNothing ? '' : `, seed ${seed}`}`);
  let printed = '';
  let failed = false;
  for (const [script, args, env] of runs(n, seed, name)) {
    const { code, text } = await npmRun([script, '--', ...args], env, mounts ? asRoot() : []);
    printed += text;
    failed = code !== 0;
    if (failed) break;
  }
  const minutes = (performance.now() - startedMs) / 60_000;
  const again = drawsNothing ? title : `${title} --seed ${seed}`;
  const end: Ended = { part: title, again, minutes, failed, printed };
  const drawn = drawsNothing ? {} : { seed };
  const kept: TortureResults = { n, ...drawn, holds: !failed, minutes: Number(minutes.toFixed(1)), figures: figuresIn(printed) };
  if (save && !wasSkipped(end)) saveResults('torture', names.join('-').replaceAll('/', '-'), kept);
  return end;
}

/** The command before another one, so that it may mount. Empty: it may already, or this machine gives no such right. */
function asRoot(): readonly string[] {
  const namespace = ['unshare', '--user', '--map-root-user', '--mount'];
  if (process.platform !== 'linux' || process.getuid?.() === 0) return [];
  return spawnSync('unshare', [...namespace.slice(1), 'true']).status === 0 ? namespace : [];
}

/** Runs a command of `npm run`, after `before`. What it prints is shown at once, and returned. */
function npmRun(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  before: readonly string[] = [],
): Promise<{ readonly code: number | null; readonly text: string }> {
  const [command = '', ...rest] = [...before, 'npm', 'run', '--silent', ...args];
  const child = spawn(command, rest, {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, ...env },
    stdio: ['inherit', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  let text = '';
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    from.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      to.write(piece);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, text }));
  });
}

function parse() {
  try {
    return parseArgs({ options: { ...options, seed: { type: 'string' }, save: { type: 'boolean' } }, allowPositionals: true });
  } catch {
    return explain();
  }
}

/** `1e1` and `0x10` are typing errors. */
function whole(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) && number >= 1 ? number : explain();
}

function explain(): never {
  console.error(
    'npm run torture [-- --PART [NAME] [N]] [--seed S] [--save]. Without a part: all of them. The parts, and what N counts (alone; with the others):',
  );
  for (const [name, { counts, otherwise, together = otherwise, names = [], alsoNamed }] of Object.entries(parts)) {
    const narrowed = names.length === 0 ? '' : `; NAME: ${[...names, ...(alsoNamed ? [alsoNamed.what] : [])].join(', ')}`;
    console.error(`  --${name.padEnd(12)} ${counts} (${together === otherwise ? otherwise : `${otherwise}; ${together}`})${narrowed}`);
  }
  process.exit(2);
}
