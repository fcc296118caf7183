// The data that the auditors of a simulated log share.

import type { Policy } from '../../order/policy.ts';
import type { AuditedLog } from './audited-log.ts';
import type { Incarnation } from './incarnation.ts';
import type { Provider } from './provider.ts';
import type { World } from './world.ts';

export interface LogAuditorOptions {
  readonly world: World;
  readonly provider: Provider;
  /** Returns the sequence that the shop has stored for a membership; 0: none. */
  readonly sequenceAtShop: (membershipId: string) => number;
  /** Called where an import settles a decision. Answers whether the shop fulfilled the order before it had a ledger. */
  readonly onImported: (membershipId: string, row: { readonly sequence: number; readonly status: 'active' }) => boolean;
}

/** The data that the rules for an order's events need. */
export interface AuditContext extends LogAuditorOptions {
  readonly log: AuditedLog;
  /** The policy that the event names. Undefined: it was not adopted, which is reported. */
  readonly policy: Policy | undefined;
  /** The process that appended the event. */
  readonly by: Incarnation;
  readonly broken: (law: string, message: string) => void;
}
