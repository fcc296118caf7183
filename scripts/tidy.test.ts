import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectFiles, tidy } from './tidy.ts';

const opening = '// What it is.\n';
const findings = (path: string, text: string): readonly string[] => tidy([{ path, text }]);

test('the project is tidy', () => {
  const files = projectFiles(resolve(import.meta.dirname, '..'));
  expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(['package.json', '.ci/run', 'scripts/tidy.ts', 'LICENSE']));
  expect(tidy(files)).toEqual([]);
});

describe('a file is named after its subject', () => {
  test.each(['src/utils.ts', 'src/helpers/money.ts', 'src/order-manager.ts', 'src/common.css', 'src/test-util.test.ts'])(
    '%s is refused',
    (path) => {
      expect(findings(path, opening)).toEqual([expect.stringMatching(/:1: error: the name .* tells no subject, use the noun/)]);
    },
  );

  test.each(['src/commonwealth.ts', 'src/manage.ts', 'src/order.ts'])('%s is fine', (path) => {
    expect(findings(path, opening)).toEqual([]);
  });
});

describe('a file opens with what it is', () => {
  test('a source without a comment at its top is refused', () => {
    expect(findings('src/order.ts', 'export {};\n')).toEqual([
      expect.stringMatching(/^src\/order\.ts:1: error: the file does not say what it is/),
    ]);
  });

  test.each(['// Orders.\n', '/** Orders. */\n', '#!/usr/bin/env node\n// The command.\n'])('%j is an opening', (text) => {
    expect(findings('src/order.ts', text)).toEqual([]);
  });

  test('a test needs none', () => {
    expect(findings('src/order.test.ts', 'export {};\n')).toEqual([]);
  });
});

describe('a doc comment begins with a sentence', () => {
  const comment = (text: string): string => `${opening}const first = 1;\n\n${['/', '**'].join('')}${text}\nconst second = 2;\n`;

  test.each([' Of the newest life. */', ' When. */', ' Also where nobody knows. */', '\n * Of the newest life.\n */'])(
    '%j is refused',
    (text) => {
      expect(findings('src/order.ts', comment(text))).toEqual([
        expect.stringMatching(/^src\/order\.ts:4: error: a doc comment begins with .*, use a sentence with a subject and a verb$/),
      ]);
    },
  );

  test.each([
    ' The time of the newest life. */',
    ' Offers a life. */',
    ' Whenever it ends, calls this. */',
    '\n * Ends it.\n * Of no use.\n */',
  ])('%j is fine', (text) => {
    expect(findings('src/order.ts', comment(text))).toEqual([]);
  });

  test('a page may begin so', () => {
    expect(findings('docs/page.md', comment(' Of the newest life. */'))).toEqual([]);
  });
});

describe('banned in a line', () => {
  const todo = ['TO', 'DO'].join('');

  test('an open end, with the line that it stands in', () => {
    expect(findings('src/order.ts', `${opening}\n// ${todo}: later\n`)).toEqual([
      `src/order.ts:3: error: ${todo} is banned, use an issue, or do it now`,
    ]);
    expect(findings('README.md', ['FIX', 'ME'].join(''))).toHaveLength(1);
  });

  test.each(['work', 'root', 'home', 'Users'])('a path of one machine below /%s', (folder) => {
    expect(findings('README.md', `see /${folder}/x`)).toEqual([expect.stringMatching(/^README\.md:1: error: .* is a path of one machine/)]);
  });

  test('an address on the web and a relative path are fine', () => {
    expect(findings('README.md', 'https://example.com/home/ and ./home/ and todo')).toEqual([]);
  });

  test.each([
    "test('a', { timeout: 60_000 }, work)",
    'await vi.waitFor(() => expect(a).toBe(1))',
    '  }, 180_000);',
    'vi.setConfig({ testTimeout: patienceMs });',
  ])('a time limit of a test: %s', (line) => {
    expect(findings('src/order.test.ts', line)).toEqual([expect.stringMatching(/is a time limit that a busy machine breaks/)]);
    expect(findings('src/suite.test-support.ts', `${opening}${line}`)).toHaveLength(1);
    expect(findings('src/order.ts', `${opening}${line}`)).toEqual([]);
  });

  test.each(["process.env['TZ'] = 'UTC';", 'process.env.TZ ??= zone;', "delete process.env['TZ'];", 'process.chdir(folder);'])(
    'a change of the process, in a test that shares it: %s',
    (line) => {
      expect(findings('src/order.test.ts', line)).toEqual([expect.stringMatching(/changes the process that npm test shares/)]);
      expect(findings('src/order.verify.test.ts', line)).toEqual([]);
    },
  );

  test('reading the environment is fine', () => {
    expect(findings('src/order.test.ts', "if (process.env['TZ'] === 'UTC') skip(process.env['PATH']);")).toEqual([]);
  });

  test('the host of a registry, in the lock', () => {
    const line = `"resolved": "https:${'//'}registry.example/x.tgz"`;
    expect(findings('package-lock.json', line)).toEqual([expect.stringMatching(/^package-lock\.json:1: error: the lock names the host/)]);
    expect(findings('package-lock.json', '"resolved": "packages/ledger"')).toEqual([]);
    expect(findings('torture/once/package-lock.json', line)).toHaveLength(1);
  });
});

describe('a file that a comment names', () => {
  const beside = (comment: string): readonly string[] =>
    tidy([
      { path: 'src/mapping/claim.ts', text: `${comment}\nexport {};\n` },
      { path: 'src/intake/ownership.ts', text: opening },
    ]);

  test.each(['// See `what-is-ours.ts`.', '/** Read by what-is-ours.ts */', '// In `mapping/ownership.ts`.'])(
    'is not there: %s',
    (comment) => {
      expect(beside(comment)).toEqual([expect.stringMatching(/^src\/mapping\/claim\.ts:1: error: a comment names .*, which is not there/)]);
    },
  );

  test.each(['// See `ownership.ts`.', '/** As in intake/ownership.ts. */', '// Each `file.ts` and *.test.ts, and dist/index.d.ts.'])(
    'is there, or is no file: %s',
    (comment) => {
      expect(beside(comment)).toEqual([]);
    },
  );
});

describe('the two READMEs', () => {
  const compare = (english: string, chinese: string): readonly string[] =>
    tidy([
      { path: 'README.md', text: english },
      { path: 'README.zh-TW.md', text: chinese },
    ]);

  test('agree when headings and code blocks do', () => {
    expect(compare('# A\n```sh\n# not a heading\n```\n## B\n', '# 甲\n\n```sh\nx\n```\n## 乙\n')).toEqual([]);
  });

  test.each([
    ['a heading is missing', '# A\n## B\n', '# 甲\n'],
    ['a heading is too many', '# A\n', '# 甲\n## 乙\n'],
    ['a level differs', '# A\n## B\n', '# 甲\n### 乙\n'],
    ['a code block is missing', '# A\n```sh\nx\n```\n', '# 甲\n'],
  ])('differ when %s', (_, english, chinese) => {
    expect(compare(english, chinese)).toEqual([expect.stringMatching(/^README\.zh-TW\.md:\d+: error: .*use the same outline in both$/)]);
  });

  test('one alone is not compared', () => {
    expect(findings('README.md', '# A\n')).toEqual([]);
  });
});
