// Reads the provider's fee for each payment. The log does not contain fees; the provider's report does: a CSV file with a
// heading, such as Stripe's itemised "Balance change from activity", or any with the columns payment, fee, currency, date.

import { LedgerError } from '../../errors.ts';
import { currencySchema } from '../../observation.ts';
import { csvRows } from '../csv-rows.ts';
import { minorOf } from '../minor-units.ts';

/** One fee of a payment, from one line of the report. */
export interface Fee {
  /** The day in UTC, `2026-03-01`. */
  readonly date: string;
  /** The fee in minor units. Negative: the provider gave it back. */
  readonly amountMinor: number;
  /** The currency of the provider's balance, lower case. It may differ from that of the payment. */
  readonly currency: string;
  /** The line of the report: `fees line 12`. */
  readonly place: string;
}

/** The fees of each payment. Key: the payment's id. */
export type Fees = ReadonlyMap<string, readonly Fee[]>;

/** The names that a column may have in the heading. The first that is found is used. */
const columns = {
  payment: ['payment', 'payment_intent_id'],
  fee: ['fee'],
  currency: ['currency'],
  date: ['date', 'created_utc', 'created'],
} as const;

/**
 * Reads the fees from a CSV text. Skips rows without a payment (payouts, the provider's own invoices) or without a fee.
 * @param until the last day in UTC, `2026-01-31`, for a journal as it was then. Fees of later days are skipped. Default: all days.
 * @throws LedgerError `invalid_input`: a column is missing, or a line has no valid amount, currency or day.
 */
export function feesIn(csv: string, { until }: { readonly until?: string } = {}): Fees {
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
    if (amountMinor === 0 || (until !== undefined && date > until)) continue;
    fees.set(payment, [...(fees.get(payment) ?? []), { date, amountMinor, currency, place: `fees line ${line}` }]);
  }
  return fees;
}

/** Returns the sum of the fees in each currency, in minor units. */
export function feeSums(fees: readonly Fee[]): Readonly<Record<string, number>> {
  const sums = new Map<string, number>();
  for (const { currency, amountMinor } of fees) sums.set(currency, (sums.get(currency) ?? 0) + amountMinor);
  return Object.fromEntries(sums);
}
