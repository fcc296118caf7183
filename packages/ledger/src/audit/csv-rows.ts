// Reads CSV text (RFC 4180), as spreadsheets and databases write it.
import { LedgerError } from '../errors.ts';

/** A cell of a row. */
export interface Cell {
  readonly text: string;
  /** The line at which its row begins, from 1. */
  readonly line: number;
}

/** Splits CSV text into rows. Skips empty lines. @throws LedgerError `invalid_input`: a quotation mark stands where none may. */
export function csvRows(csv: string): readonly (readonly Cell[])[] {
  const rows: Cell[][] = [];
  let row: Cell[] = [];
  let [line, rowLine, place] = [1, 1, 0];
  for (const match of csv.replace(/^\uFEFF/, '').matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|\r|$)/g)) {
    const [whole, quoted, plain, end = ''] = match;
    if (match.index !== place) throw misplacedQuote(line);
    place += whole.length;
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

function misplacedQuote(line: number): LedgerError {
  return new LedgerError('invalid_input', `Line ${line} is no CSV: a quotation mark stands within a cell, or is not closed`);
}

/** A row by the names of its columns. A cell that is empty is absent. */
export interface CsvRecord {
  /** The line at which it begins, from 1. */
  readonly line: number;
  readonly row: Readonly<Record<string, string>>;
}

export interface CsvColumns {
  /** Whose heading it is, for the error: `the shop's memberships`. */
  readonly of: string;
  readonly columns: readonly string[];
  /** Those that must be there. */
  readonly required: readonly string[];
}

/** Reads CSV with a heading, in lower case or not. @throws LedgerError `invalid_input`: a column is unknown, missing or there twice. */
export function csvRecords(csv: string, { of, columns, required }: CsvColumns): readonly CsvRecord[] {
  const [heading = [], ...rows] = csvRows(csv);
  const names = heading.map(({ text }) => text.trim().toLowerCase());
  const unknown = names.find((name, place) => !columns.includes(name) || names.indexOf(name) !== place);
  if (unknown !== undefined || required.some((name) => !names.includes(name))) {
    const found = unknown === undefined ? names.join(', ') : unknown;
    const must = `${required.slice(0, -1).join(', ')} and ${required.at(-1)}`;
    throw new LedgerError(
      'invalid_input',
      `The heading of ${of} has ${found || 'nothing'}. Its columns are ${columns.join(', ')}; ${must} must be there`,
    );
  }
  return rows.map((row) => {
    // A cell beyond the heading has a column that nobody knows, so that its line is refused.
    const cells = row.flatMap(({ text }, place) =>
      text.trim() === '' ? [] : [[names[place] ?? `column ${place + 1}`, text.trim()] as const],
    );
    return { line: row[0]?.line ?? 0, row: Object.fromEntries(cells) };
  });
}
