// Copies regions of the examples into the documents, so that what a reader copies is what CI runs. In a document stands
//   <!-- from examples/any-host.ts#imports,ledger -->
// and the fenced code below it is replaced. In the source a region is what stands between `// #region name` and `// #endregion name`.

export const snippetMark: RegExp = /^<!-- from (\S+?)#([\w,-]+) -->\n```(\w+)\n.*?^```$/gms;

/**
 * Returns the document with each snippet as its source has it now.
 * @param read returns the text of a file of the project.
 * @throws Error a region is not there, or not closed; the message names it.
 */
export function spliced(text: string, read: (path: string) => string): string {
  return text.replace(snippetMark, (_, path: string, names: string, language: string) => {
    const source = read(path);
    const code = names.split(',').map((name) => regionOf(source, name, path));
    return `<!-- from ${path}#${names} -->\n\`\`\`${language}\n${code.join('\n\n')}\n\`\`\``;
  });
}

/** Returns the lines of a region, without marks of regions within it, and without the indent that all of them share. */
export function regionOf(source: string, name: string, path: string): string {
  const lines = source.split('\n');
  const from = lines.findIndex((line) => line.trim() === `// #region ${name}`);
  const to = lines.findIndex((line) => line.trim() === `// #endregion ${name}`);
  if (from < 0 || to < from) throw new Error(`${path} has no "// #region ${name}" with a "// #endregion ${name}" after it`);
  const inside = lines.slice(from + 1, to).filter((line) => !/^\s*\/\/ #(?:end)?region /.test(line));
  const indents = inside.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  const indent = Math.min(...indents);
  if (!Number.isFinite(indent)) throw new Error(`${path}: the region ${name} is empty`);
  return inside
    .map((line) => line.slice(indent))
    .join('\n')
    .trim();
}
