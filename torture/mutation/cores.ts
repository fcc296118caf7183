// The files that are mutated: the source of the two pure cores.
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root: string = resolve(import.meta.dirname, '../..');
const source = 'packages/ledger/src';
/** Sentences for people, which nothing branches on: their tests would be copies. */
const texts: readonly string[] = ['order/review-sentences.ts'];
export const cores = ['order', 'subscription'] as const;

/**
 * The files by a name: a core, or one file of it, as `order/decide.ts`. Paths from the root of the repository; none where there is no
 * such file.
 */
export function filesOf(name: string): readonly string[] {
  return cores
    .flatMap((core) => readdirSync(join(root, source, core)).map((file) => `${core}/${file}`))
    .filter((file) => !/\.(test|test-support)\.ts$/.test(file) && !texts.includes(file))
    .filter((file) => file === name || file.startsWith(`${name}/`))
    .map((file) => `${source}/${file}`);
}
