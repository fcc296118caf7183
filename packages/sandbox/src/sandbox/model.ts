// What every part of the sandbox works on: one Stripe account in test mode, its objects and its time.
import type { AccountAgenda } from './agenda.ts';
import type { SandboxClock } from './clock.ts';
import type { NewId } from './ids.ts';
import type { Dunning } from './options.ts';
import type { State } from './state/state.ts';

/** The API request that changes something, as events name it. Nulls: Stripe acts by itself. */
export interface Cause {
  readonly requestId: string | null;
  readonly idempotencyKey: string | null;
}

export const BY_ITSELF: Cause = { requestId: null, idempotencyKey: null };

/** Settings of the whole sandbox, the same for every account. */
export interface Conduct {
  readonly apiVersion: string;
  /** The `payment_status` of a completed session that costs nothing. */
  readonly zeroAmountStatus: 'paid' | 'no_payment_required';
  /** Whether the refund of a released part names its row in the balance. */
  readonly releasedPart: 'without_row' | 'with_row';
  /** Milliseconds that a debit or a voucher takes. */
  readonly settleAfterMs: number;
  /** How an unpaid renewal is tried again, and what becomes of its subscription. */
  readonly dunning: Dunning;
  /** What the line of a proration names as its parent. */
  readonly prorationParent: 'subscription_item' | 'invoice_item';
}

export interface Model extends Conduct {
  readonly state: State;
  readonly clock: SandboxClock;
  readonly newId: NewId;
  readonly agenda: AccountAgenda;
  readonly account: string;
  /** True for an account connected to the sandbox's own. */
  readonly connected: boolean;
  /** All accounts, including this one. */
  readonly accounts: AccountDirectory;
  /** Known once the server listens; without a slash at the end. */
  readonly baseUrl: string;
  /** Set while an API request is executed. All of this is synchronous, so it never belongs to another request. */
  cause: Cause;
}

/** The accounts of a sandbox, as one of them sees them. */
export interface AccountDirectory {
  readonly platform: Model;
  of(id: string): Model | undefined;
  connect(id: string, fields?: object): Model;
}
