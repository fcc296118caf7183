// What a long look at Stripe works with: paced calls, tried again where that helps, and the same intake as the poll's.

import type { Logger, PaymentLedger } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import { Intake } from '../intake/intake.ts';
import { NotOursCache } from '../intake/not-ours-cache.ts';
import { OurLedger } from '../intake/our-ledger.ts';
import { type SiblingSessions, siblingSessions } from '../intake/sibling-sessions.ts';
import type { SubscriptionIntake, SubscriptionLedger } from '../intake/subscription-intake.ts';
import { type Accounts, type GivenAccount, openAccounts, readableAccounts } from '../stripe/accounts.ts';
import { BackgroundReads } from '../stripe/background-reads.ts';
import type { StripeClient } from '../stripe/client.ts';
import type { ListWindow } from '../stripe/list-window.ts';
import { StripeCalls } from '../stripe/stripe-calls.ts';
import { identityOf } from '../stripe/stripe-objects.ts';
import type { Answer, ListPage } from '../stripe/stripe-request.ts';

export interface BatchContextOptions extends GivenAccount {
  readonly ledger: PaymentLedger;
  readonly stripe: StripeClient;
  readonly scope: string;
  /** As in `stripePayments`. */
  readonly formerLedgers?: readonly string[];
  readonly log: Logger;
}

/** What a look at a subscription goes through. */
export interface SubscriptionLooks {
  readonly ledger: SubscriptionLedger;
  readonly intake: SubscriptionIntake;
}

export interface BatchContext {
  readonly ledger: PaymentLedger;
  readonly ourLedger: OurLedger;
  readonly accounts: Accounts;
  readonly intake: Intake;
  readonly siblings: SiblingSessions;
  readonly reads: BackgroundReads;
  /** Absent: the ledger keeps no subscriptions, or they are not looked at here. */
  readonly looks?: SubscriptionLooks;
}

export function openBatchContext({ ledger, stripe, scope, formerLedgers, log, ...given }: BatchContextOptions): BatchContext {
  const { runtime } = ledger;
  const reads = new BackgroundReads(runtime, new AbortController().signal);
  const accounts = openAccounts(new StripeCalls({ stripe, runtime, around: reads.around }), given);
  const siblings = siblingSessions(ledger, accounts, scope, log);
  const ourLedger = new OurLedger({ ledger, scope, ...defined({ formerLedgers }) });
  const intake = new Intake({ ledger, accounts, siblings, ourLedger, log, notOurs: new NotOursCache(runtime) });
  return { ledger, ourLedger, accounts, intake, siblings, reads };
}

export interface AccountsInScope {
  /** The key's own first; then those on which orders were placed, as a platform sells for connected accounts. */
  readonly accounts: readonly string[];
  /** The key's mode: only that is looked for. Undefined: there is no order yet. */
  readonly livemode: boolean | undefined;
}

/** The accounts that may have payments of this ledger, as far as our key can read. @throws LedgerError `provider_unavailable` */
export async function accountsInScope({ ledger, accounts }: BatchContext): Promise<AccountsInScope> {
  const own = await accounts.own();
  const { orders, livemode } = await readableAccounts(ledger, accounts);
  return { accounts: [...new Set([own, ...orders.map(({ account }) => account)])], livemode };
}

/**
 * All objects of a list, newest first, each with its answer. Both times are Unix milliseconds.
 *
 * @throws LedgerError `provider_unavailable`
 */
export async function* everyObject(
  list: (window: ListWindow) => Promise<Answer<ListPage>>,
  fromMs: number,
  toMs: number,
): AsyncGenerator<{ readonly object: unknown; readonly answer: Answer<ListPage> }> {
  const window = { createdFrom: Math.max(0, Math.floor(fromMs / 1_000)), createdTo: Math.floor(toMs / 1_000) };
  for (let after: string | undefined; ; ) {
    const answer = await list({ ...window, ...defined({ after }) });
    for (const object of answer.object.objects) yield { object, answer };
    after = identityOf(answer.object.objects.at(-1)).id;
    if (!answer.object.hasMore || after === undefined) return;
  }
}
