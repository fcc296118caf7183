import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { longest } from './longest-first.ts';
import { projectFiles } from './tidy.ts';

test('each part of a path names a test file that is there', () => {
  const tests = projectFiles(resolve(import.meta.dirname, '..')).filter(({ path }) => path.endsWith('.verify.test.ts'));
  expect(longest.filter((part) => !tests.some(({ path }) => path.includes(part)))).toEqual([]);
});
