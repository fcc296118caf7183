// The poll with calls of its own: they are paced, counted and tried again.
import { defined } from '@paidonce/ledger/adapter';
import { Intake, type IntakeParts } from '../intake/intake.ts';
import { StripeEvents } from '../intake/stripe-events.ts';
import { WithdrawnCheckouts } from '../intake/withdrawn-checkouts.ts';
import type { StripeClient } from '../stripe/client.ts';
import { StripeCalls } from '../stripe/stripe-calls.ts';
import type { OpenedSubscriptions } from '../subscriptions.ts';
import type { PollParts } from './pass.ts';
import { Poll } from './poll.ts';

type Given = Omit<PollParts, 'intake' | 'events' | 'subscriptions' | 'watch' | 'withdrawn'> & Pick<IntakeParts, 'siblings' | 'notOurs'>;

export interface OpenPoll extends Given {
  readonly stripe: StripeClient;
  readonly scope: string;
  /** Undefined: the ledger keeps no subscriptions. */
  readonly subscriptions: OpenedSubscriptions | undefined;
}

export function openPoll({ stripe, subscriptions: opened, ...parts }: OpenPoll): Poll {
  const accounts = parts.accounts.through(new StripeCalls({ stripe, runtime: parts.runtime, around: parts.reads.around }));
  const subscriptions = opened && { ...opened, intake: opened.intakeBy(accounts) };
  const bySubscriptions = defined({ subscriptions: subscriptions?.intake });
  const intake = new Intake({ ...parts, accounts, ...bySubscriptions });
  return new Poll({
    ...parts,
    accounts,
    intake,
    events: new StripeEvents({ ...parts, accounts, intake, ...bySubscriptions }),
    withdrawn: new WithdrawnCheckouts({ ...parts, accounts, intake }),
    ...defined({ subscriptions, watch: opened?.watch }),
  });
}
