// What the provider kept of each payment. The log does not know it; the provider's report does: a CSV file with a heading,
// such as Stripe's itemised "Balance change from activity", or any other with the columns payment, fee, currency and date.

import { LedgerError } from '../../errors.ts';
import { currencySchema } from '../../observation.ts';
import { minorOf } from '../minor-units.ts';

export interface Fee {
  /** UTC day. */
  readonly date: string;
  /** Negative: it was given back. */
  readonly amountMinor: number;
  /** Of the provider's balance: not always that of the payment. */
  readonly currency: string;
  /** Where it stands: `fees line 12`. */
  readonly place: string;
}

/** By payment. */
export type Fees = ReadonlyMap<string, readonly Fee[]>;

/** Under any of these names, the first that there is. */
const columns = {
  payment: ['payment', 'payment_intent_id'],
  fee: ['fee'],
  currency: ['currency'],
  date: ['date', 'created_utc', 'created'],
} as const;

/** Rows without a payment (payouts, the provider's own invoices) and without a fee are passed over. @throws LedgerError `invalid_input`. */
export function feesIn(csv: string): Fees {
  const [heading = [], ...rows] = csvRows(csv);
  const names = heading.map(({ text }) => text.trim().toLowerCase());
  const place = (column: keyof typeof columns): number => {
    const found = columns[column].map((name) => names.indexOf(name)).find((at) => at !== -1);
    if (found === undefined)
      throw new LedgerError('invalid_input', `The fees have no column ${columns[column].join(' or ')} in their heading`);
    return found;
  };
  const places = { payment: place('payment'), fee: place('fee'), currency: place('currency'), date: place('date') };
  const fees = new Map<string, Fee[]>();
  for (const row of rows) {
    const line = row[0]?.line ?? 0;
    const cell = (column: keyof typeof columns): string => row[places[column]]?.text.trim() ?? '';
    const [payment, currency] = [cell('payment'), cell('currency').toLowerCase()];
    if (payment === '') continue;
    const amountMinor = currencySchema.safeParse(currency).success ? minorOf(cell('fee'), currency) : undefined;
    const [date] = /^\d{4}-\d\d-\d\d/.exec(cell('date')) ?? [];
    if (amountMinor === undefined || date === undefined) {
      const given = [cell('fee'), cell('currency'), cell('date')].map((text) => JSON.stringify(text)).join(', ');
      throw new LedgerError(
        'invalid_input',
        `Line ${line} of the fees: ${given} must be an amount like 1.72, a currency and a day like 2026-03-01`,
      );
    }
    if (amountMinor === 0) continue;
    fees.set(payment, [...(fees.get(payment) ?? []), { date, amountMinor, currency, place: `fees line ${line}` }]);
  }
  return fees;
}

interface Cell {
  readonly text: string;
  /** Where its row begins, from 1. */
  readonly line: number;
}

/** RFC 4180. Empty lines are none. */
function csvRows(csv: string): readonly (readonly Cell[])[] {
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
