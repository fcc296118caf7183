// The two ways to a recheck: a person who waits for the answer, and a bulk run of the ledger, which is paced as the poll is, and
// beside it, so that neither waits for the other.
import type { Logger, Runtime } from '@paidonce/ledger';
import { Intake } from '../intake/intake.ts';
import type { Accounts } from '../stripe/accounts.ts';
import { BackgroundReads } from '../stripe/background-reads.ts';
import type { StripeClient } from '../stripe/client.ts';
import { StripeCalls } from '../stripe/stripe-calls.ts';
import type { StripeCallsOptions } from '../stripe/stripe-request.ts';
import type { OpenedSubscriptions } from '../subscriptions.ts';
import type { BatchContext } from './batch-context.ts';
import { type Rechecked, type RecheckOptions, recheck } from './recheck.ts';

export interface RechecksParts extends Omit<BatchContext, 'intake' | 'looks'> {
  /** Undefined: the ledger keeps none. */
  readonly subscriptions: OpenedSubscriptions | undefined;
  readonly stripe: StripeClient;
  readonly runtime: Runtime;
  readonly log: Logger;
  readonly scope: string;
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

export function openRechecks({ stripe, counted, stopping, call, subscriptions, ...parts }: RechecksParts): Rechecks {
  const { ledger, runtime, accounts } = parts;
  // Without the memory of what is not ours: somebody asks because something has changed.
  const looksBy = (by: Accounts) => (subscriptions ? { looks: { ledger: subscriptions.ledger, intake: subscriptions.intakeBy(by) } } : {});
  const asked = { ...parts, intake: new Intake(parts), ...looksBy(accounts) };
  const reads = new BackgroundReads(runtime, stopping.signal);
  const paced = accounts.through(
    new StripeCalls({ stripe, runtime, around: (what, read) => counted(what, () => reads.around(what, read)) }),
  );
  const ofRuns = { ...parts, accounts: paced, reads, intake: new Intake({ ...parts, accounts: paced }), ...looksBy(paced) };
  return {
    recheck: (name, options) => call(() => recheck(name, asked, options)),
    end: ledger.forAdapters.carryOutRechecks((orderId, by) => call(() => recheck(orderId, ofRuns, { by }))),
  };
}
