// One life of a simulated process: what it started ends with it.
import type { ProcessOptions } from './options.ts';
import type { Party, Step } from './scheduler.ts';

/** One life of a process. */
export interface Incarnation {
  readonly party: Party;
  readonly options: ProcessOptions;
  /** What it has sent and the other side has not done yet. */
  readonly underWay: Set<Step>;
  dead: boolean;
}
