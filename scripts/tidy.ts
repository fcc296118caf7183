// Checks the house rules that Biome and knip cannot check, in every text file of the project. A finding names what is banned
// and what to write instead. Biome checks lengths, layers and the pure core (biome.json). `npm test` runs it (tidy.test.ts).
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

export interface SourceFile {
  /** The path from the root of the project, with `/`. */
  readonly path: string;
  readonly text: string;
}
/** A text of the form `path:line: error: what is wrong, use what instead`. */
export type Finding = string;

interface LineRule {
  readonly pattern: RegExp;
  readonly message: (found: string) => string;
  readonly applies: (path: string) => boolean;
}

const lock = /(?:^|\/)package-lock\.json$/;
const lineRules: readonly LineRule[] = [
  {
    pattern: /\b(?:FIXM[E]|TOD[O]|XX[X])\b/,
    message: (found) => `${found} is banned, use an issue, or do it now`,
    applies: (path) => !lock.test(path),
  },
  {
    pattern: /(?<![\w.~:/])\/(?:work|root|home|Users)\/|\b[A-Z]:\\Users\b/,
    message: (found) => `${found} is a path of one machine, use a relative path or a temporary folder`,
    applies: (path) => !lock.test(path),
  },
  {
    pattern: /\{ timeout: [1-9][\d_]* \}|^\s*\}, \d[\d_]*(?: \* \w+)*\);$|\b(?:test|hook)Timeout\b|vi\.waitFor\(/,
    message: (found) => `${found} is a time limit that a busy machine breaks, use expect.poll, or no limit`,
    applies: (path) => /\.test(?:-support)?\.ts$/.test(path) && path !== 'scripts/tidy.test.ts',
  },
  {
    pattern: /\bprocess\.env(?:\[[^\]]+\]|\.\w+) *\??\??=(?!=)|\bdelete process\.env\b|\bstubEnv\(|\bchdir\(/,
    message: (found) => `${found} changes the process that npm test shares, or in its threads nothing: use a *.verify.test.ts`,
    applies: (path) => /(?<!\.verify)\.test\.ts$/.test(path) && path !== 'scripts/tidy.test.ts',
  },
  {
    pattern: /"resolved": "https?:[^"]*/,
    message: () => 'the lock names the host of a registry, use npm install --omit-lockfile-registry-resolved',
    applies: (path) => lock.test(path),
  },
];

const bannedName = /(?:^|[-.])(?:utils?|helpers?|manager|common)(?:[-.]|$)/;
const skippedFolders = new Set(['node_modules', 'dist', 'site', 'coverage', 'data', '.git', '.turbo', '.stryker-tmp', '.examples']);
const textFile = /^[^.]+$|^\.[a-z]+$|\.(?:ts|mjs|js|json|md|css|html|svg|sh|ya?ml|grit)$/;

export function tidy(files: readonly SourceFile[]): readonly Finding[] {
  return [
    ...files.flatMap(nameFindings),
    ...files.flatMap(openingFindings),
    ...files.flatMap(docCommentFindings),
    ...files.flatMap(lineFindings),
    ...mentionFindings(files),
    ...translationFindings(files),
  ];
}

function nameFindings({ path }: SourceFile): readonly Finding[] {
  const banned = path.split('/').find((segment) => bannedName.test(segment));
  return banned === undefined ? [] : [`${path}:1: error: the name ${banned} tells no subject, use the noun of what is inside`];
}

/** A source file must open with a comment that says what it does. */
function openingFindings({ path, text }: SourceFile): readonly Finding[] {
  if (!/\.(?:ts|mjs)$/.test(path) || path.endsWith('.test.ts') || /^(?:\/\/|\/\*\*|#!)/.test(text)) return [];
  return [`${path}:1: error: the file does not say what it is, use one to three lines of comment at its top`];
}

/** A doc comment must not begin with a fragment that a reader cannot understand before the code. */
function docCommentFindings({ path, text }: SourceFile): readonly Finding[] {
  if (!/\.(?:ts|mjs|js)$/.test(path)) return [];
  return [...text.matchAll(/\/\*\*\s*(?:\*\s*)?(Of|When\.|Also where)(?=\s)/g)].map(({ index, 1: found }) => {
    const line = text.slice(0, index).split('\n').length;
    return `${path}:${line}: error: a doc comment begins with ${found}, use a sentence with a subject and a verb`;
  });
}

function lineFindings({ path, text }: SourceFile): readonly Finding[] {
  const rules = lineRules.filter(({ applies }) => applies(path));
  return text.split('\n').flatMap((line, index) =>
    rules.flatMap(({ pattern, message }) => {
      const found = pattern.exec(line)?.[0];
      return found === undefined ? [] : [`${path}:${index + 1}: error: ${message(found)}`];
    }),
  );
}

/** A comment must not name a source file that is not there: it was renamed or deleted. `file.ts` stands for any file. */
function mentionFindings(files: readonly SourceFile[]): readonly Finding[] {
  const paths = files.map(({ path }) => path);
  const isThere = (name: string): boolean => name === 'file.ts' || paths.some((path) => path === name || path.endsWith(`/${name}`));
  return files.flatMap(({ path, text }) => {
    if (!/\.(?:ts|mjs|grit)$/.test(path) || path === 'scripts/tidy.test.ts') return [];
    return text.split('\n').flatMap((line, index) => {
      const comment = /(?:^\s*(?:\/\/|\/?\*{1,2})|\s\/\/)\s(.*)$/.exec(line)?.[1] ?? '';
      const named = comment.match(/(?<![\w./*@-])(?:[\w-]+\/)*[a-z][\w-]*(?:\.[\w-]+)*\.(?:ts|mjs)\b/g) ?? [];
      return named
        .filter((name) => !name.startsWith('dist/') && !isThere(name))
        .map((name) => `${path}:${index + 1}: error: a comment names ${name}, which is not there, use the file's present name`);
    });
  });
}

/** The two READMEs must have headings of the same levels, and the same code blocks between them. */
function translationFindings(files: readonly SourceFile[]): readonly Finding[] {
  const english = files.find(({ path }) => path === 'README.md');
  const chinese = files.find(({ path }) => path === 'README.zh-TW.md');
  if (!english || !chinese) return [];
  const wanted = outline(english.text);
  const found = outline(chinese.text);
  for (let index = 0; index < Math.max(wanted.length, found.length); index += 1) {
    const [want, has] = [wanted[index], found[index]];
    if (want?.part === has?.part) continue;
    const there = want ? `${want.part} in README.md:${want.line}` : 'nothing more in README.md';
    return [`${chinese.path}:${has?.line ?? 1}: error: ${has?.part ?? 'the end'} stands for ${there}, use the same outline in both`];
  }
  return [];
}

interface OutlinePart {
  readonly part: string;
  readonly line: number;
}

function outline(text: string): readonly OutlinePart[] {
  const parts: OutlinePart[] = [];
  let inCode = false;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*```(\w*)/.exec(line);
    const heading = /^#+(?= )/.exec(line);
    if (fence && !inCode) parts.push({ part: `a code block (${fence[1] || 'plain'})`, line: index + 1 });
    if (heading && !inCode) parts.push({ part: `a heading ${heading[0]}`, line: index + 1 });
    if (fence) inCode = !inCode;
  }
  return parts;
}

/** Returns every text file below `root` that a person wrote, and the lock file. */
export function projectFiles(root: string): readonly SourceFile[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && textFile.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.split('/').some((segment) => skippedFolders.has(segment)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}
