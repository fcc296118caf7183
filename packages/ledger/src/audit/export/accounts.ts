// The accounts of the journal, as templates: `{provider}`, `{account}` and `{plan}` stand for those of the payment.
import { LedgerError } from '../../errors.ts';

export interface Accounts {
  /** Money at the provider, before it is paid out. */
  readonly clearing: string;
  readonly revenue: string;
  readonly tax: string;
  readonly shipping: string;
  /** Of payments that count: what went back. */
  readonly refunds: string;
  /** Withdrawn while a dispute is fought. */
  readonly disputed: string;
  readonly lostDisputes: string;
  readonly returnedDebits: string;
  /** What the provider keeps, where its report is given. */
  readonly fees: string;
  /** Money that came and does not count for its order: somebody must look. */
  readonly unallocated: string;
}

export const defaultAccounts: Accounts = {
  clearing: 'assets:{provider}:{account}',
  revenue: 'revenues:{plan}',
  tax: 'liabilities:tax',
  shipping: 'revenues:shipping',
  refunds: 'revenues:refunds',
  disputed: 'assets:disputed',
  lostDisputes: 'expenses:disputes',
  returnedDebits: 'expenses:returned debits',
  fees: 'expenses:fees',
  unallocated: 'liabilities:unallocated',
};

/** @param changed `revenue=income:memberships:{plan}`. @throws LedgerError `invalid_input`. */
export function accountsWith(changed: readonly string[]): Accounts {
  const accounts: Record<string, string> = { ...defaultAccounts };
  for (const text of changed) {
    const [, name = '', template = ''] = /^(\w+)=(.+)$/.exec(text) ?? [];
    if (!Object.hasOwn(defaultAccounts, name)) {
      throw new LedgerError(
        'invalid_input',
        `${JSON.stringify(text)} sets no account. Pass NAME=ACCOUNT with one of ${Object.keys(defaultAccounts).join(', ')}`,
      );
    }
    // Two spaces end an account in hledger, a semicolon begins a comment.
    if (/ {2}|[;\t\r\n"]/.test(template)) throw new LedgerError('invalid_input', `${JSON.stringify(template)} is no name of an account`);
    accounts[name] = template;
  }
  return accounts as unknown as Accounts;
}
