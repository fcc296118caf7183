// The poll of stripePayments: its calls are paced, and retried.
import { defined } from '@paidonce/ledger/adapter';
import { Intake } from '../intake/intake.ts';
import type { NotOursCache } from '../intake/not-ours-cache.ts';
import type { OurLedger } from '../intake/our-ledger.ts';
import type { SiblingSessions } from '../intake/sibling-sessions.ts';
import { StripeEvents } from '../intake/stripe-events.ts';
import { WithdrawnCheckouts } from '../intake/withdrawn-checkouts.ts';
import type { Accounts } from '../stripe/accounts.ts';
import type { StripeClient } from '../stripe/client.ts';
import { StripeCalls } from '../stripe/stripe-calls.ts';
import type { OpenedSubscriptions } from '../subscriptions.ts';
import { Poll } from './poll.ts';

type PollParts = ConstructorParameters<typeof Poll>[0];

export interface PolledParts extends Omit<PollParts, 'accounts' | 'intake' | 'events' | 'withdrawn' | 'subscriptions' | 'watch'> {
  readonly stripe: StripeClient;
  readonly scope: string;
  readonly ourLedger: OurLedger;
  readonly siblings: SiblingSessions;
  readonly notOurs: NotOursCache;
  /** Those of customers and webhooks. */
  readonly asked: Accounts;
  readonly opened: OpenedSubscriptions | undefined;
}

export function openPoll({ asked, opened, siblings, notOurs, ...parts }: PolledParts): Poll {
  const { stripe, runtime, reads } = parts;
  const accounts = asked.through(new StripeCalls({ stripe, runtime, around: reads.around }));
  const subscriptions = opened && { ...opened, intake: opened.intakeBy(accounts) };
  const bySubscriptions = defined({ subscriptions: subscriptions?.intake });
  const intake = new Intake({ ...parts, accounts, siblings, notOurs, ...bySubscriptions });
  return new Poll({
    ...parts,
    accounts,
    intake,
    events: new StripeEvents({ ...parts, accounts, intake, ...bySubscriptions }),
    ...defined({ subscriptions, watch: opened?.watch }),
    withdrawn: new WithdrawnCheckouts({ ...parts, accounts, intake }),
  });
}
