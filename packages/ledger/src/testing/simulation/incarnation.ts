// One life of a simulated process, from its start to its end or crash. Its work ends with it.
import type { ProcessOptions } from './options.ts';
import type { Party, Step } from './scheduler.ts';

/** One life of a process. */
export interface Incarnation {
  readonly party: Party;
  readonly options: ProcessOptions;
  /** The calls that it has sent, but that are not carried out yet. Written by the simulated store and the shop. */
  readonly underWay: Set<Step>;
  gone: boolean;
}
