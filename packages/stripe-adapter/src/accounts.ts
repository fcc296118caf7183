// Which account our key is of, and how another is reached. Asked once, and again later where Stripe did not answer.
import type { StripeCalls } from './stripe-calls.ts';

export interface Accounts {
  /** The key's own. @throws LedgerError `provider_unavailable` */
  own(): Promise<string>;
  /** On this account: where it is not our own, as a platform acts on a connected one. */
  calls(account: string): Promise<StripeCalls>;
}

/** @param given the key's own account, where the caller has said it. */
export function openAccounts(calls: StripeCalls, given: string | undefined): Accounts {
  let known: Promise<string> | undefined = given === undefined ? undefined : Promise.resolve(given);
  function own(): Promise<string> {
    known ??= calls.account().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  }
  return { own, calls: async (account) => (account === (await own()) ? calls : calls.on(account)) };
}
