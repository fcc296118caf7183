// The module @paidonce/http/browser as a file for browsers. Where the package is installed it is JavaScript; in this repository the
// examples run on its TypeScript source, and the types have to go.
import { readFileSync } from 'node:fs';
import { createRequire, stripTypeScriptTypes } from 'node:module';

let script: string | undefined;

export function watchPaymentScript(): string {
  if (script !== undefined) return script;
  const path = createRequire(import.meta.url).resolve('@paidonce/http/browser');
  const text = readFileSync(path, 'utf8');
  script = path.endsWith('.ts') ? stripTypeScriptTypes(text) : text;
  return script;
}
