// Which account our key is of: asked once, and again later where Stripe did not answer.
import type { StripeCalls } from './stripe-calls.ts';

export function ownAccount(calls: StripeCalls, given: string | undefined): () => Promise<string> {
  let known: Promise<string> | undefined = given === undefined ? undefined : Promise.resolve(given);
  return () => {
    known ??= calls.account().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}
