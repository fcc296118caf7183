// Writes journal entries as text that hledger or beancount can read. Declares accounts and commodities where they are
// first used, so that strict checks pass too.
import { LedgerError } from '../../errors.ts';
import { decimalsOf, decimalText } from '../minor-units.ts';
import type { JournalEntry } from './journal.ts';

/** The program that reads the journal. */
export type JournalFormat = 'hledger' | 'beancount';

/**
 * Returns a function that turns each entry into lines without line breaks. It remembers what it has declared, so use a new
 * one for each journal. With `beancount` it throws LedgerError `invalid_input` if an account has no root that beancount knows.
 */
export function journalWriter(format: JournalFormat): (entry: JournalEntry) => readonly string[] {
  const declared = new Set<string>();
  const once = (line: string): readonly string[] => {
    if (declared.has(line)) return [];
    declared.add(line);
    return [line];
  };
  return format === 'hledger' ? (entry) => hledgerLines(entry, once) : (entry) => beancountLines(entry, once);
}

type Once = (line: string) => readonly string[];

function hledgerLines({ date, orderId, payment, what, place, postings }: JournalEntry, once: Once): readonly string[] {
  return [
    ...postings.flatMap(({ account }) => once(`account ${account}`)),
    ...postings.flatMap(({ currency }) =>
      once(
        `commodity ${decimalsOf(currency) === 0 ? '1000.' : decimalText(10 ** decimalsOf(currency) * 1_000, currency)} ${currency.toUpperCase()}`,
      ),
    ),
    '',
    `${date} * (${place}) ${payment} | ${what}  ; order:${orderId}`,
    ...postings.map(
      ({ account, amountMinor, currency }) => `    ${account}  ${decimalText(amountMinor, currency)} ${currency.toUpperCase()}`,
    ),
  ];
}

function beancountLines({ date, orderId, payment, what, place, postings }: JournalEntry, once: Once): readonly string[] {
  return [
    ...postings.flatMap(({ account }) => once(`1970-01-01 open ${beancountAccount(account)}`)),
    '',
    `${date} * "${payment}" "${what}"`,
    `  order: "${orderId}"`,
    `  place: "${place}"`,
    ...postings.map(
      ({ account, amountMinor, currency }) =>
        `  ${beancountAccount(account)}  ${decimalText(amountMinor, currency)} ${currency.toUpperCase()}`,
    ),
  ];
}

const roots: Readonly<Record<string, string>> = {
  assets: 'Assets',
  liabilities: 'Liabilities',
  equity: 'Equity',
  income: 'Income',
  revenues: 'Income',
  revenue: 'Income',
  expenses: 'Expenses',
};

/**
 * Converts an account to beancount's form: each part begins with a capital or a digit, and has only letters, digits, dashes.
 * @throws LedgerError `invalid_input`: it has no root that beancount knows, or no part after the root.
 */
function beancountAccount(account: string): string {
  const [root = '', ...rest] = account.split(':');
  const component = (text: string): string => {
    const plain = text.replace(/[^A-Za-z0-9-]/g, '-').replace(/^-+/, '');
    return plain === '' ? 'X' : plain.charAt(0).toUpperCase() + plain.slice(1);
  };
  const known = roots[root.toLowerCase()];
  if (known === undefined || rest.length === 0) {
    throw new LedgerError(
      'invalid_input',
      `${JSON.stringify(account)} is no account for beancount: it begins with one of ${Object.keys(roots).join(', ')}, and has a part behind it`,
    );
  }
  return [known, ...rest.map(component)].join(':');
}
