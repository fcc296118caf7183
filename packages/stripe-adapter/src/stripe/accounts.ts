// Which account and mode our key belongs to, and how another account is reached. Each is read once; if Stripe did not
// answer, the next caller reads it again.
import { LedgerError } from '@paidonce/ledger';
import type { AccountOrders } from '@paidonce/ledger/adapter';
import type { StripeCalls } from './stripe-calls.ts';
import { isNotAllowed } from './stripe-failure.ts';

/** Our key's account and mode, and the calls on any account. */
export interface Accounts {
  /** The account of our key. @throws LedgerError `provider_unavailable`: Stripe did not answer, or the key may not read it. */
  own(): Promise<string>;
  /** The mode of our key; true is live. @throws LedgerError `provider_unavailable`: Stripe did not answer, or the key may not read it. */
  livemode(): Promise<boolean>;
  /** Calls on this account. If it is not our own, a platform acts on a connected account. @throws LedgerError `provider_unavailable` */
  calls(account: string): Promise<StripeCalls>;
  /** The same accounts, reached by other calls, which may pace, count and retry. */
  through(calls: StripeCalls): Accounts;
}

/** What the shop has configured about its key. An absent field is read from Stripe. */
export interface GivenAccount {
  readonly account?: string;
  readonly livemode?: boolean;
}

/** @param given what the shop has configured about its key: a restricted key may not be able to read it. */
export function openAccounts(calls: StripeCalls, given: GivenAccount): Accounts {
  const own = once('account', given.account, () => calls.account());
  const livemode = once('livemode', given.livemode, () => calls.livemode());
  const through = (others: StripeCalls): Accounts => ({
    own,
    livemode,
    calls: async (account) => (account === (await own()) ? others : others.on(account)),
    through,
  });
  return through(calls);
}

function once<T>(option: keyof GivenAccount, given: T | undefined, ask: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined = given === undefined ? undefined : Promise.resolve(given);
  return () => {
    known ??= ask().catch((error: unknown) => {
      known = undefined;
      throw isNotAllowed(error) ? missingSetting(option, error) : error;
    });
    return known;
  };
}

/** Rewrapped so that `isNotAllowed` is false: a missing setting must not make us skip every event. */
function missingSetting(option: keyof GivenAccount, error: unknown): LedgerError {
  const found = error instanceof Error ? error.message : String(error);
  return new LedgerError('provider_unavailable', `${found}. Or give stripePayments the option \`${option}\``, { cause: error });
}

/**
 * The mode of our key; Stripe is asked only if the orders have both modes. Undefined: there is no order yet, and nothing
 * depends on it.
 *
 * @throws LedgerError `provider_unavailable`
 */
async function keyMode(orders: readonly AccountOrders[], accounts: Accounts): Promise<boolean | undefined> {
  const [first] = orders;
  if (first === undefined) return undefined;
  return orders.some(({ livemode }) => livemode !== first.livemode) ? accounts.livemode() : first.livemode;
}

/** Answers those that are accounts of Stripe in our key's mode: the key cannot read the other. @throws LedgerError as `keyMode`. */
export async function inKeysMode<T extends AccountOrders>(
  accountsOfAll: readonly T[],
  accounts: Accounts,
): Promise<{ readonly orders: readonly T[]; readonly livemode: boolean | undefined }> {
  const all = accountsOfAll.filter(({ account }) => account.startsWith('acct_'));
  const livemode = await keyMode(all, accounts);
  return { orders: all.filter((orders) => orders.livemode === livemode), livemode };
}
