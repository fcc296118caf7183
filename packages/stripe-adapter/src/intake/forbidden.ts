// What our key may not read. A retry gives it no right that it lacks: a person must grant it, and `recheck` then reads the object.
import type { Logger, PaymentLedger } from '@paidonce/ledger';
import type { Provenance } from '../mapping/provenance.ts';
import { accountTargets } from '../stripe/account-targets.ts';
import type { Accounts } from '../stripe/accounts.ts';
import { isNotAllowed } from '../stripe/stripe-failure.ts';
import type { IntakeResult } from './intake-result.ts';
import { type Named, recordUnreadable } from './unreadable.ts';

export interface ForbiddenParts {
  readonly ledger: PaymentLedger;
  readonly accounts: Accounts;
  readonly log: Logger;
}

/** What `take` answers; where our key lacks the right for it, the object is kept by its id. @throws what else `take` throws. */
export async function recordForbidden(
  { ledger, accounts, log }: ForbiddenParts,
  object: unknown,
  name: Named,
  provenance: Provenance,
  take: () => Promise<IntakeResult>,
): Promise<IntakeResult> {
  try {
    return await take();
  } catch (error) {
    if (!isNotAllowed(error)) throw error;
    if (await isElsewhere(provenance.account)) return { outcome: 'not_ours' };
    log.error({ err: error, ...name, eventId: provenance.eventId }, 'our key may not read what tells of an object; it is kept by id');
    return recordUnreadable(ledger, JSON.stringify(object) ?? '', { ...name, path: 'permission' }, provenance);
  }

  /** True for an account that our key may not read and we sell nothing on: an organisation reports on all of its accounts. */
  async function isElsewhere(account: string): Promise<boolean> {
    if (account === (await accounts.own())) return false;
    return (await accountTargets(ledger, ledger.runtime.now())).every((target) => target.account !== account);
  }
}
