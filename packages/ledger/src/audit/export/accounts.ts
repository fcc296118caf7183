// The accounts of the journal, as templates: `{provider}`, `{account}` and `{plan}` are replaced by those of the payment.
import { LedgerError } from '../../errors.ts';
import { isPlainText } from '../../plain-text.ts';

/** One account template for each use. `defaultAccounts` has the defaults. */
export interface Accounts {
  /** Money at the provider, before it is paid out. */
  readonly clearing: string;
  readonly revenue: string;
  readonly tax: string;
  readonly shipping: string;
  /** Money that was refunded, of payments that count for their order. */
  readonly refunds: string;
  /** Money that the provider withdrew while a dispute is open. */
  readonly disputed: string;
  readonly lostDisputes: string;
  /** Money that the bank of the customer took back. */
  readonly returnedDebits: string;
  /** The provider's fees, if its report is given. */
  readonly fees: string;
  /** Money that was received, but does not count for its order: a person must check it. */
  readonly unallocated: string;
}

/** The default templates, with hledger's account names. */
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

/**
 * Returns the default accounts with some replaced.
 * @param changed texts of the form `NAME=ACCOUNT`: `revenue=income:memberships:{plan}`.
 * @throws LedgerError `invalid_input`: the name is unknown, or hledger cannot read the account.
 */
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
    // In hledger two spaces end an account, and a semicolon begins a comment.
    if (/ {2}|[;"]/.test(template) || !isPlainText(template))
      throw new LedgerError('invalid_input', `${JSON.stringify(template)} is no name of an account`);
    accounts[name] = template;
  }
  return accounts as unknown as Accounts;
}
