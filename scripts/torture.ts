// `npm run torture`: the same code as in the tests, with far larger numbers. All parts, or `-- --PART [N]`: one of them. It takes from
// minutes to hours, and no other command calls it. `--seed S` draws otherwise (1). It ends in a table, and exits 1 if a part fails, 2
// if it does not understand its options.
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Part, parts } from './torture-parts.ts';
import { type Ended, exitCodeOf, tableOf } from './torture-table.ts';

const options = Object.fromEntries(Object.keys(parts).map((name) => [name, { type: 'boolean' as const }]));
const { values, positionals } = parse();
const { seed: givenSeed = '1', ...named } = values as { readonly seed?: string };
const [name, ...others] = Object.keys(named);
if (others.length > 0 || positionals.length > (name === undefined ? 0 : 1)) explain();
const seed = whole(givenSeed);
const chosen = name === undefined ? Object.keys(parts) : [name];

const ended: Ended[] = [];
for (const each of chosen) {
  const part = parts[each] as Part;
  const [given] = positionals;
  const one = given !== undefined && part.named?.pattern.test(given) === true ? given : undefined;
  const n = given === undefined || one !== undefined ? (name === undefined && part.together) || part.otherwise : whole(given);
  ended.push(await tortured(each, part, n, one));
}
for (const line of ['', ...tableOf(ended)]) console.log(line);
for (const { part } of ended.filter(({ failed }) => failed)) console.log(`\nAgain: npm run torture -- --${part} --seed ${seed}`);
process.exitCode = exitCodeOf(ended);

/** Runs a part to its end, or to its first command that fails. */
async function tortured(name: string, part: Part, n: number, one: string | undefined): Promise<Ended> {
  const startedMs = performance.now();
  console.log(`\n── torture: ${name} ${one ?? n}, seed ${seed}`);
  let printed = '';
  let failed = false;
  for (const [script, args, env] of part.runs(n, seed, one)) {
    const { code, text } = await npmRun([script, '--', ...args], env, part.mounts ? asRoot() : []);
    printed += text;
    failed = code !== 0;
    if (failed) break;
  }
  return { part: `${name} ${one ?? n}`, minutes: (performance.now() - startedMs) / 60_000, failed, printed };
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
    return parseArgs({ options: { ...options, seed: { type: 'string' } }, allowPositionals: true });
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
    'npm run torture [-- --PART [N]] [--seed S]. Without a part: all of them. The parts, and what N counts (alone; with the others):',
  );
  for (const [name, { counts, otherwise, together = otherwise, named }] of Object.entries(parts)) {
    const instead = named === undefined ? '' : `; or ${named.what}`;
    console.error(`  --${name.padEnd(12)} ${counts} (${together === otherwise ? otherwise : `${otherwise}; ${together}`})${instead}`);
  }
  process.exit(2);
}
