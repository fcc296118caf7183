#!/usr/bin/env node
// The executable `paidonce-sandbox`. It checks the version of Node before it loads the rest, which needs `node:sqlite`.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 16)) await import('./run.ts');
else {
  console.error(`paidonce-sandbox needs Node 22.16 or newer, and this is ${process.version}.`);
  process.exitCode = 2;
}
