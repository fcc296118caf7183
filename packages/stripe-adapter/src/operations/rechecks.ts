// The two ways to a recheck: a person who waits for the answer, and a bulk run of the ledger, which is paced as the poll is, and
// beside it, so that neither waits for the other.
import type { Logger, Runtime } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import { Intake } from '../intake/intake.ts';
import type { SubscriptionIntake } from '../intake/subscription-intake.ts';
import type { Accounts } from '../stripe/accounts.ts';
import { BackgroundReads } from '../stripe/background-reads.ts';
import type { StripeClient } from '../stripe/client.ts';
import { StripeCalls } from '../stripe/stripe-calls.ts';
import type { StripeCallsOptions } from '../stripe/stripe-request.ts';
import type { BatchContext } from './batch-context.ts';
import { type Rechecked, type RecheckOptions, recheck } from './recheck.ts';

export interface RechecksParts extends Omit<BatchContext, 'intake'> {
  readonly stripe: StripeClient;
  readonly runtime: Runtime;
  readonly log: Logger;
  readonly scope: string;
  /** Absent: the ledger keeps no subscriptions. */
  readonly openSubscriptions?: (accounts: Accounts) => SubscriptionIntake;
  /** Counts each call among the reads of this process. */
  readonly counted: NonNullable<StripeCallsOptions['around']>;
  readonly stopping: AbortController;
  /** What the adapter does around each of its calls. */
  readonly call: <T>(work: () => Promise<T>) => Promise<T>;
}

export interface Rechecks {
  recheck(orderOrObjectId: string, options?: RecheckOptions): Promise<Rechecked>;
  /** Carries out no further runs. */
  end(): void;
}

export function openRechecks({ stripe, counted, stopping, call, ...parts }: RechecksParts): Rechecks {
  const { ledger, runtime, accounts } = parts;
  // Without the memory of what is not ours: somebody asks because something has changed.
  const { openSubscriptions } = parts;
  const bySubscriptions = (through: Accounts) => defined({ subscriptions: openSubscriptions?.(through) });
  const asked = { ...parts, ...bySubscriptions(accounts), intake: new Intake({ ...parts, ...bySubscriptions(accounts) }) };
  const reads = new BackgroundReads(runtime, stopping.signal);
  const paced = accounts.through(
    new StripeCalls({ stripe, runtime, around: (what, read) => counted(what, () => reads.around(what, read)) }),
  );
  const ofPaced = { accounts: paced, ...bySubscriptions(paced) };
  const ofRuns = { ...parts, ...ofPaced, reads, intake: new Intake({ ...parts, ...ofPaced }) };
  return {
    recheck: (name, options) => call(() => recheck(name, asked, options)),
    end: ledger.forAdapters.carryOutRechecks((orderId, by) => call(() => recheck(orderId, ofRuns, { by }))),
  };
}
