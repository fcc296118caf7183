// Keeps the figures of a benchmark in `benchmarks/results`, with what they were measured on. Written where `--save` asks for it, so
// that a run in passing changes no file.
import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

export function saveResults(bench: string, figures: object): void {
  const folder = fileURLToPath(new URL('./results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const [cpu] = cpus();
  const machine = `${cpus().length} × ${cpu?.model ?? 'unknown'}, ${Math.round(totalmem() / 1_024 ** 3)} GiB, ${platform()} ${release()} ${arch()}`;
  const versions = { node: process.versions.node, sqlite: process.versions['sqlite'] ?? 'unknown' };
  // With more than there are processors, other programs took part of the machine.
  const load = Number(loadavg()[0]?.toFixed(1));
  const saved = { bench, date: new Date().toISOString().slice(0, 10), machine, load, versions, ...figures };
  writeFileSync(`${folder}${bench}.json`, `${JSON.stringify(saved, null, 2)}\n`);
}
