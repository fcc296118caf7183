// One life of a simulated process, from its start to its end or crash. Its work ends with it.
import type { AlertKind } from '../../alerts.ts';
import type { ProcessOptions } from './options.ts';
import type { Party, Step } from './scheduler.ts';

/** One life of a process. */
export interface Incarnation {
  readonly party: Party;
  readonly options: ProcessOptions;
  /** The release in this life: an upgrade makes the next one `newer`. */
  readonly release: ProcessOptions['release'];
  /** The calls that it has sent, but that are not carried out yet. Written by the simulated store and the shop. */
  readonly underWay: Set<Step>;
  /** The kinds of alerts that it has sent. Written by `SimulatedProcess`. */
  readonly alerted: Set<AlertKind>;
  dead: boolean;
}
