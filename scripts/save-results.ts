// Keeps the figures of a benchmark or of a part of the torture, with what they were measured on. Written where `--save` asks for it,
// so that a run in passing changes no file. `npm run docs` takes them over into the documents (figures.ts).
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** What every file of results has, and what its benchmark or part adds. */
export interface Results {
  readonly date: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly [figure: string]: unknown;
}

/** @param name the file in `results` of that folder. */
export function saveResults(of: 'benchmarks' | 'torture', name: string, figures: object): void {
  const folder = fileURLToPath(new URL(`../${of}/results/`, import.meta.url));
  mkdirSync(folder, { recursive: true });
  const [cpu] = cpus();
  const machine = `${cpus().length} × ${cpu?.model ?? 'unknown'}, ${Math.round(totalmem() / 1_024 ** 3)} GiB, ${platform()} ${release().split('.', 2).join('.')} ${arch()}`;
  // Above the number of cores: others worked on the machine, and the times are theirs too.
  const load = Math.round(loadavg()[1] ?? 0);
  const versions = { node: process.versions.node, sqlite: process.versions['sqlite'] ?? 'unknown' };
  const saved: Results = {
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    ...(of === 'benchmarks' && { again: again(name) }),
    machine,
    load,
    versions,
    ...figures,
  };
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify(saved, null, 2)}\n`);
}

/** What stands after `npm run bench --` to measure this again: `growth length --events 1000000`. */
function again(name: string): string {
  const options = process.argv.slice(3).filter((argument) => argument !== '--save');
  return [...new Set([...name.split('-'), ...options])].join(' ');
}

/** The code that was measured: `-changed` where it differs from that commit. Without git nobody knows. */
function commit(): string {
  const git = (...args: readonly string[]) => spawnSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' });
  const hash = git('rev-parse', '--short', 'HEAD').stdout?.trim();
  const isChanged = git('diff', '--quiet', 'HEAD', '--', ':(top)*.ts', ':(top)package-lock.json').status !== 0;
  return hash ? `${hash}${isChanged ? '-changed' : ''}` : 'unknown';
}
