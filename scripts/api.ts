// `npm run api` writes a report of each published entry of each package to packages/*/api, from the declarations of the build.
// `npm run api:check` compares with what is committed, prints what differs, and exits 1 where anything does.
import { globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { apiReports, differences, type Entry } from './api-report.ts';

const packages = resolve(import.meta.dirname, '../packages');
const mostLines = 60;

interface PackageJson {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly types?: string }>>;
}

/** By the path of the report from `packages/`. An entry without `types` is not published. */
function publishedEntries(): ReadonlyMap<string, Entry> {
  const entries = readdirSync(packages).flatMap((directory) => {
    const { name, exports } = JSON.parse(readFileSync(join(packages, directory, 'package.json'), 'utf8')) as PackageJson;
    return Object.entries(exports).flatMap(([subpath, target]): [string, Entry][] => {
      if (typeof target === 'string' || target.types === undefined) return [];
      const report = subpath === '.' ? 'index' : subpath.slice(2).replaceAll('/', '-');
      const folder = join(packages, directory, 'dist');
      const file = target.types.slice('./dist/'.length);
      return [[`${directory}/api/${report}.api.txt`, { name: name + subpath.slice(1), folder, file }]];
    });
  });
  return new Map(entries);
}

function committedReports(): ReadonlyMap<string, string> {
  const files = globSync('*/api/*', { cwd: packages }).map((file) => file.replaceAll('\\', '/'));
  return new Map(files.map((file) => [file, readFileSync(join(packages, file), 'utf8').replaceAll('\r\n', '\n')]));
}

function write(reports: ReadonlyMap<string, string>): void {
  for (const directory of readdirSync(packages)) rmSync(join(packages, directory, 'api'), { recursive: true, force: true });
  for (const [file, report] of reports) {
    mkdirSync(dirname(join(packages, file)), { recursive: true });
    writeFileSync(join(packages, file), report);
  }
  console.log(`${reports.size} reports written to packages/*/api`);
}

function check(reports: ReadonlyMap<string, string>): void {
  const committed = committedReports();
  const files = [...new Set([...committed.keys(), ...reports.keys()])].toSorted();
  const differing = files.filter((file) => committed.get(file) !== reports.get(file));
  for (const file of differing) {
    const lines = differences(committed.get(file) ?? '', reports.get(file) ?? '');
    console.log([`packages/${file}`, ...lines.slice(0, mostLines), ...(lines.length > mostLines ? ['…'] : [])].join('\n'));
  }
  if (differing.length > 0) {
    console.log('The build exports something else than these reports say. Where that is meant: npm run api, and commit packages/*/api');
    process.exitCode = 1;
  } else console.log(`${reports.size} reports are as committed`);
}

const entries = publishedEntries();
const reports = apiReports([...entries.values()]);
const byFile = new Map([...entries.keys()].map((file, index) => [file, reports[index] ?? '']));
if (process.argv[2] === '--check') check(byFile);
else write(byFile);
