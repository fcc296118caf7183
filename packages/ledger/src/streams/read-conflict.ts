// Reads what a refused append conflicted with.
import { LedgerError } from '../errors.ts';
import { clearMetadata } from '../event-store/deleted-stream.ts';
import type { Runtime } from '../runtime.ts';
import type { Folded, Revised } from './state-cache.ts';

/** A server may refuse an append for another one that it shows a moment later. */
const readsOfConflict = 4;
const readAgainMs = 50;

interface Conflict {
  readonly stream: string;
  readonly result: { readonly actualRevision: number };
  /** The revision that was folded before. */
  readonly from: number;
}

/** Folds what a conflict told of. @throws LedgerError `corrupt`: no read shows it, so every attempt would conflict again. */
export async function readConflict<State extends Revised>(
  runtime: Runtime,
  { stream, result: { actualRevision }, from }: Conflict,
  catchUp: () => Promise<Folded<State>>,
): Promise<Folded<State>> {
  for (let reads = 1; ; reads += 1) {
    const known = await catchUp();
    if (known.state.revision > from || actualRevision <= from) return known;
    if (reads === readsOfConflict) {
      throw new LedgerError(
        'corrupt',
        `${stream}: an append was refused because revision ${actualRevision} is there, but a read shows nothing after revision ${from}. ` +
          `Nothing was written. On EventStoreDB its events are hidden: by a deletion, $maxCount, $maxAge or $tb. ${clearMetadata}`,
      );
    }
    await runtime.sleep(readAgainMs);
  }
}
