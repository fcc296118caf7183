// Reads CSV text (RFC 4180), as spreadsheets and databases write it.

/** A cell of a row. */
export interface Cell {
  readonly text: string;
  /** The line at which its row begins, from 1. */
  readonly line: number;
}

/** Splits CSV text into rows. Skips empty lines. */
export function csvRows(csv: string): readonly (readonly Cell[])[] {
  const rows: Cell[][] = [];
  let row: Cell[] = [];
  let [line, rowLine] = [1, 1];
  for (const [, quoted, plain, end = ''] of csv.replace(/^\uFEFF/, '').matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|\r|$)/g)) {
    const text = quoted?.replaceAll('""', '"') ?? plain ?? '';
    row.push({ text, line: rowLine });
    line += text.split('\n').length - 1 + (end === ',' || end === '' ? 0 : 1);
    if (end === ',') continue;
    if (row.some((cell) => cell.text !== '')) rows.push(row);
    row = [];
    rowLine = line;
  }
  return rows;
}
