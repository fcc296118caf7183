import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readOptions } from './options.ts';
import { scenarioNames } from './scenario-names.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test('the README names every scenario and every option of the kit', () => {
  const names = [...scenarioNames, ...Object.keys(readOptions({}))];
  expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});
