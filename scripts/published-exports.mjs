// `prepack` and `postpack` of each package: while it is packed, its package.json has no exports that only this checkout can
// resolve (those without `default`: simulations, test support). `strip` keeps the original beside it, and `restore` puts it
// back. A pack that failed half-way leaves the original too, so `strip` begins with it.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const [command] = process.argv.slice(2);
const manifest = 'package.json';
const original = '.package.json.original';

if (existsSync(original)) renameSync(original, manifest);
if (command === 'strip') {
  const text = readFileSync(manifest, 'utf8');
  const { exports, ...rest } = JSON.parse(text);
  const published = Object.entries(exports).filter(([, targets]) => typeof targets === 'string' || Object.hasOwn(targets, 'default'));
  writeFileSync(original, text);
  writeFileSync(manifest, `${JSON.stringify({ ...rest, exports: Object.fromEntries(published) }, null, 2)}\n`);
} else if (command !== 'restore') {
  console.error('published-exports.mjs strip, before a package is packed; restore, after it');
  process.exitCode = 2;
}
