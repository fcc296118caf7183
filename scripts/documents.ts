// Finds the documents of the project, and reads their prose: the lines outside fenced code.
import { globSync } from 'node:fs';
import { sep } from 'node:path';

/** Returns the files that match, as paths relative to `root` with `/`. */
export function filesOf(root: string, patterns: string | readonly string[]): readonly string[] {
  return globSync(patterns, { cwd: root, exclude: ['**/node_modules', '**/dist', '**/data', '**/.examples'] }).map((path) =>
    path.split(sep).join('/'),
  );
}

/** A line of prose. */
export interface Prose {
  readonly line: number;
  readonly text: string;
}

/** Returns the lines outside fenced code. */
export function proseOf(text: string): readonly Prose[] {
  const prose: Prose[] = [];
  let fence: string | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const mark = /^\s*(```|~~~)/.exec(line)?.[1];
    if (fence === undefined && mark === undefined) prose.push({ line: index + 1, text: line });
    if (mark !== undefined && (fence === undefined || fence === mark)) fence = fence === undefined ? mark : undefined;
  }
  return prose;
}

/** Matches inline code; its second group is the code. */
export const codeSpan: RegExp = /(`+)(.+?)\1/g;
