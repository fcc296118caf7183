// `npm run docs`: copies the regions of the examples into the documents that quote them (snippets.ts), and the figures of the
// benchmarks (figures.ts). snippets.test.ts and figures.test.ts fail where a document differs from its source, and name this command.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { filesOf } from './documents.ts';
import { resultsOf, withFigures } from './figures.ts';
import { spliced } from './snippets.ts';

const root = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

for (const path of filesOf(root, ['README*.md', 'docs/**/*.md', 'packages/*/README.md'])) {
  const text = read(path);
  const now = withFigures(spliced(text, read), path, resultsOf);
  if (now === text) continue;
  writeFileSync(join(root, path), now);
  console.log(path);
}
