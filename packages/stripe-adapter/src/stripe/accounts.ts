// Which account our key is of, in which mode, and how another account is reached. Asked once, and again later where
// Stripe did not answer.
import type { AccountOrders } from '@paidonce/ledger';
import { LedgerError } from '@paidonce/ledger';
import type { StripeCalls } from './stripe-calls.ts';
import { isNotAllowed } from './stripe-failure.ts';

export interface Accounts {
  /** The key's own. @throws LedgerError `provider_unavailable` */
  own(): Promise<string>;
  /** The mode of our key. @throws LedgerError `provider_unavailable` */
  livemode(): Promise<boolean>;
  /** On this account: where it is not our own, as a platform acts on a connected one. */
  calls(account: string): Promise<StripeCalls>;
  /** The same accounts, called otherwise: paced, counted, tried again. */
  through(calls: StripeCalls): Accounts;
}

export interface GivenAccount {
  readonly account?: string;
  readonly livemode?: boolean;
}

/** @param given what the caller has said of his key: a restricted one may not be able to ask. */
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
      throw isNotAllowed(error) ? notTold(option, error) : error;
    });
    return known;
  };
}

/** No more `isNotAllowed`: that is said of one object, and every event would be put aside for want of a setting. */
function notTold(option: keyof GivenAccount, error: unknown): LedgerError {
  const found = error instanceof Error ? error.message : String(error);
  return new LedgerError('provider_unavailable', `${found}. Or give stripePayments the option \`${option}\``, { cause: error });
}

/** Undefined: there is no order yet, and nothing depends on it. @throws LedgerError `provider_unavailable` */
export async function keyMode(orders: readonly AccountOrders[], accounts: Accounts): Promise<boolean | undefined> {
  const [first] = orders;
  if (first === undefined) return undefined;
  return orders.some(({ livemode }) => livemode !== first.livemode) ? accounts.livemode() : first.livemode;
}
