// Names the other ledgers that make objects under our scope on the same account of Stripe, and the other scopes there.
import { OurLedger, type OurLedgerOptions, otherScopesText, remedyFor } from '../intake/our-ledger.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import { identityOf } from '../stripe/stripe-objects.ts';
import { type Diagnosis, diagnosed, good, problem } from './diagnosis.ts';

const lookBackMs = 30 * 24 * 3_600_000;

/** Looks at the newest hundred sessions of 30 days that were completed: one call. @throws LedgerError of the store. */
export async function checkLedgers(calls: StripeCalls, options: OurLedgerOptions): Promise<readonly Diagnosis[]> {
  const { ledger, scope } = options;
  const ours = await ledger.forAdapters.ledgerId();
  const ourLedger = new OurLedger(options);
  const nowMs = ledger.runtime.now().getTime();
  const window = { createdFrom: Math.floor((nowMs - lookBackMs) / 1_000), createdTo: Math.floor(nowMs / 1_000) + 3_600 };
  const what = `ledgers under scope ${scope}`;
  const listed = await diagnosed(
    what,
    async () => {
      for (const object of (await calls.completeSessions(window)).object.objects) await ourLedger.made(identityOf(object));
    },
    () => good(what, ours === undefined ? 'this one has no identity yet: it placed no order' : `this one alone, ${ours}`),
  );
  const scopes = otherScopesText(ourLedger.otherScopes);
  const others = scopes === undefined ? [] : [good('other scopes', scopes)];
  if (listed.state !== 'good' || ourLedger.others.size === 0) return [listed, ...others];
  const ledgers = [...ourLedger.others].map(([ledgerId, count]) =>
    problem(
      what,
      `ledger ${ledgerId} made ${count} of the newest sessions; this one is ${ours ?? 'without an identity yet'}`,
      remedyFor(ledgerId),
    ),
  );
  return [...ledgers, ...others];
}
