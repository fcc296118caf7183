// Which account our key is of, in which mode, and how another account is reached. Asked once, and again later where
// Stripe did not answer.
import type { StripeCalls } from './stripe-calls.ts';

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
  const own = once(given.account, () => calls.account());
  const livemode = once(given.livemode, () => calls.livemode());
  const through = (others: StripeCalls): Accounts => ({
    own,
    livemode,
    calls: async (account) => (account === (await own()) ? others : others.on(account)),
    through,
  });
  return through(calls);
}

function once<T>(given: T | undefined, ask: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined = given === undefined ? undefined : Promise.resolve(given);
  return () => {
    known ??= ask().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}
