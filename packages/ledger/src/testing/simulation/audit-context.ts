// The data that the auditors of a simulated log share.

import type { AuditedLog } from './audited-log.ts';
import type { Incarnation } from './incarnation.ts';
import type { Provider } from './provider.ts';
import type { World } from './world.ts';

export interface LogAuditorOptions {
  readonly world: World;
  readonly provider: Provider;
  /** Returns the sequence that the shop has stored for a membership; 0: none. */
  readonly sequenceAtShop: (membershipId: string) => number;
}

/** The data that the rules for an order's events need. */
export interface AuditContext extends LogAuditorOptions {
  readonly log: AuditedLog;
  /** The process that appended the event. */
  readonly by: Incarnation;
  readonly broken: (law: string, message: string) => void;
}
