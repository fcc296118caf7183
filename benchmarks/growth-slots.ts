// The slots of `growth`: the same work on logs of several sizes in turn.
import type { Took } from './measures.ts';

/** What a piece of work took in one slot. Key: how large the log is. */
export type Slot = ReadonlyMap<number, Took>;

export interface GrowthOptions {
  readonly events: readonly number[];
  readonly active: readonly number[];
  readonly slots: number;
  /** How many facts are observed in a slot of active orders. */
  readonly factsInSlot: number;
}

/** Measures one slot on each size. Which size is first changes from slot to slot. */
export async function slotOf(slot: number, sizes: readonly number[], measure: (size: number) => Promise<Took>): Promise<Slot> {
  const turn = slot % sizes.length;
  const times = new Map(sizes.map((size) => [size, { micros: Number.NaN, cpu: Number.NaN }]));
  for (const size of [...sizes.slice(turn), ...sizes.slice(0, turn)]) times.set(size, await measure(size));
  return times;
}
