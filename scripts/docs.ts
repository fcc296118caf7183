// `npm run docs`: copies the regions of the examples into the documents that quote them (snippets.ts). snippets.test.ts fails
// where a document differs from its source, and names this command.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { filesOf } from './documents.ts';
import { spliced } from './snippets.ts';

const root = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

for (const path of filesOf(root, ['README*.md', 'docs/**/*.md', 'packages/*/README.md'])) {
  const text = read(path);
  const now = spliced(text, read);
  if (now === text) continue;
  writeFileSync(join(root, path), now);
  console.log(path);
}
