// What an entry loads, file by file: a host without Fastify must be able to use the others.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** The packages that the file imports, by itself or through others; of types too. */
function packagesOf(entry: string): ReadonlySet<string> {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const read = (file: URL): void => {
    if (seen.has(file.href)) return;
    seen.add(file.href);
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(/^(?:import|export)\b[^;]*?from '([^']+)';/gm)) {
      if (name.startsWith('.')) read(new URL(name, file));
      else packages.add(name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : (name.split('/')[0] ?? name));
    }
  };
  read(new URL(entry, import.meta.url));
  return packages;
}

test('the web-standard handlers need no Fastify, nor do their types', () => {
  expect([...packagesOf('fetch.ts')].toSorted()).toEqual([
    '@paidonce/ledger',
    '@paidonce/stripe-adapter',
    'node:crypto',
    'node:http',
    'node:stream',
    'node:timers',
  ]);
});

test('the browser needs nothing', () => {
  expect([...packagesOf('browser.ts')]).toEqual([]);
});

test('the plugins need Fastify, and no prom-client: a host with metrics brings its registry', () => {
  const needed = packagesOf('index.ts');
  expect([needed.has('fastify'), needed.has('prom-client')]).toEqual([true, false]);
});
