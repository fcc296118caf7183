// Checks what a release rests on: one version for all packages, a CHANGELOG that begins with it, provenance, and workflows that
// run what they name, on the versions of Node that we promise.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { versions } from './smoke.ts';

const root = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly engines: { readonly node: string };
  readonly publishConfig: object;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}
interface Step {
  readonly run?: string;
  readonly uses?: string;
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, { readonly strategy?: { readonly matrix: { readonly node: readonly string[] } }; readonly steps: readonly Step[] }>
  >;
}

const manifest = (folder: string): Manifest => JSON.parse(read(`${folder}/package.json`)) as Manifest;
const folders = readdirSync(join(root, 'packages')).map((name) => `packages/${name}`);
const packages = folders.map(manifest);
const [{ version }] = packages as [Manifest];

describe('a release', () => {
  test('has one version, of which all packages are', () => {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(packages.map((each) => each.version)).toEqual(folders.map(() => version));
    const { fixed } = JSON.parse(read('.changeset/config.json')) as { readonly fixed: readonly string[][] };
    expect(fixed[0]?.toSorted()).toEqual(packages.map(({ name }) => name).toSorted());
  });

  test.each([...folders, 'examples'])('%s takes our own packages by a caret range of that version', (folder) => {
    const { dependencies, devDependencies, peerDependencies } = manifest(folder);
    const own = Object.entries({ ...devDependencies, ...peerDependencies, ...dependencies }).filter(([name]) =>
      name.startsWith('@paidonce/'),
    );
    expect(own).toEqual(own.map(([name]) => [name, `^${version}`]));
  });

  test.each(folders)('%s ships a CHANGELOG that begins with that version, and is public, with provenance', (folder) => {
    const { name, files, publishConfig } = manifest(folder);
    expect(read(`${folder}/CHANGELOG.md`)).toMatch(new RegExp(`^# ${name}\n\n## ${version.replaceAll('.', '\\.')}\n\n\\S`));
    expect(files).toContain('CHANGELOG.md');
    expect(publishConfig).toEqual({ access: 'public', provenance: true });
  });
});

test('the API site has each entry that a user imports, and no other', () => {
  // Entries for tests need vitest, and `command-line` is for our own programs.
  const entries = folders.flatMap((folder) => {
    const { exports } = JSON.parse(read(`${folder}/package.json`)) as {
      readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
    };
    const published = Object.entries(exports).filter(([path, { default: built }]) => built && !/^\.\/(?:testing|command-line)/.test(path));
    return published.map(([, { '@paidonce/source': source = '' }]) => `../${folder}/${source.replace('./', '')}`);
  });
  const { entryPoints } = JSON.parse(read('api-site/typedoc.json')) as { readonly entryPoints: readonly string[] };
  expect(entryPoints.toSorted()).toEqual(entries.toSorted());
});

describe.each(['verify', 'release'])('the workflow %s', (name) => {
  const workflow = parse(read(`.github/workflows/${name}.yml`)) as Workflow;
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
  const commands = steps.flatMap(({ run = '' }) => run.split('\n'));

  test('runs scripts and files that are there', () => {
    const { scripts } = JSON.parse(read('package.json')) as Manifest;
    const named = commands.flatMap((line) => [...line.matchAll(/npm run (\S+)/g)].map(([, script = '']) => script));
    expect(named.length).toBeGreaterThan(0);
    for (const script of named) expect(Object.keys(scripts)).toContain(script);
    const files = commands.flatMap((line) => [...line.matchAll(/(?:^|node )(\.ci\/\w+|\S+\.mjs)/g)].map(([, file = '']) => file));
    expect(files).toContain('.ci/run');
    for (const file of files) expect([file, existsSync(join(root, file))]).toEqual([file, true]);
  });

  test('names the version of each action, and has no more rights than it needs', () => {
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w-]+@v\d+$/);
    expect(workflow.permissions).toEqual(name === 'verify' ? { contents: 'read' } : { contents: 'write', 'id-token': 'write' });
  });
});

test('verify runs on the lines of Node on which the smoke runs, and the oldest is the one that the packages promise', () => {
  const { jobs } = parse(read('.github/workflows/verify.yml')) as Workflow;
  const lines = jobs['nodes']?.strategy?.matrix.node ?? [];
  expect(lines.map((line, index) => `${versions[index]}.`.startsWith(`${line}.`))).toEqual([true, true, true]);
  expect(versions.length).toBe(3);
  for (const { engines } of packages) expect(`${engines.node.replace('>=', '')}.0`).toBe(versions[0]);
});

test('release publishes each package after those that it depends on', () => {
  const order = [...read('.github/workflows/release.yml').matchAll(/for name in ([\w -]+); do/g)].map(([, names = '']) => names.split(' '));
  expect(order.length).toBe(2);
  for (const names of order) {
    expect(names.map((name) => `packages/${name}`).toSorted()).toEqual(folders.toSorted());
    for (const [index, name] of names.entries()) {
      const needs = Object.keys(manifest(`packages/${name}`).dependencies ?? {}).filter((each) => each.startsWith('@paidonce/'));
      for (const needed of needs) expect(names.slice(0, index)).toContain(needed.replace('@paidonce/', ''));
    }
  }
});

describe('an issue', () => {
  test('about something wrong asks for the output of doctor and of explain', () => {
    const { body } = parse(read('.github/ISSUE_TEMPLATE/bug.yml')) as {
      readonly body: { id?: string; validations?: { required: boolean } }[];
    };
    const required = body.filter(({ validations }) => validations?.required).map(({ id }) => id);
    expect(required).toEqual(expect.arrayContaining(['doctor', 'explain', 'version']));
  });

  test.each(['bug', 'idea'])('%s is a form that can be read', (name) => {
    expect(parse(read(`.github/ISSUE_TEMPLATE/${name}.yml`))).toMatchObject({ name: expect.any(String), body: expect.any(Array) });
  });
});
