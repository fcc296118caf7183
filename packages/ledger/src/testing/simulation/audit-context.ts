// What the auditors of a simulated log share.

import type { AuditedLog } from './audited-log.ts';
import type { Incarnation } from './incarnation.ts';
import type { Provider } from './provider.ts';
import type { World } from './world.ts';

export interface LogAuditorOptions {
  readonly world: World;
  readonly provider: Provider;
  /** What the shop has stored of a membership; 0: nothing. */
  readonly sequenceAtShop: (membershipId: string) => number;
}

/** What the rules of one order's events need. */
export interface AuditContext extends LogAuditorOptions {
  readonly log: AuditedLog;
  /** Who appended the event. */
  readonly by: Incarnation;
  readonly broken: (law: string, message: string) => void;
}
