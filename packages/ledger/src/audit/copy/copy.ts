// Copies a ledger into another store, and proves the copy by the root of the tree. Continues where an earlier copy ended:
// before anything is written, the events in the target must be the first events of the source, one by one.
import { defined } from '../../defined.ts';
import { LedgerError } from '../../errors.ts';
import type { EventMetadata, EventStore, Position } from '../../event-store/event-store.ts';
import { type LogReader, readerOf } from '../log/log-reader.ts';
import type { LogRow } from '../log/log-row.ts';
import { isAsStringified, LogWriter, type PlacedEvent } from '../log/log-writer.ts';
import { leafText } from '../tree/leaf.ts';
import { scanTree, TreeScan } from '../tree/tree-scan.ts';

/** The three steps: compare what the target has, append the rest, then read the target again to prove the copy. */
export type CopyPhase = 'compare' | 'copy' | 'prove';

/** How to copy a ledger. */
export interface CopyOptions {
  /**
   * True if the target commits the appends that are called in one turn of the event loop together, and in that order, as SQLite
   * does: then many are called at once. Default: false: what the target's `appendAll` takes at once; where it has none, one append.
   */
  readonly keepsOrder?: boolean;
  /** Called with the step, and with how many events of the log it has reached. */
  readonly onProgress?: (phase: CopyPhase, events: number) => void;
}

/** Size and root of a log's tree: what a checkpoint signs. */
export interface TreeState {
  /** How many events the log has. */
  readonly size: number;
  /** The root of its tree, base64. */
  readonly root: string;
}

/** The result of a copy. */
export type CopyResult =
  | (TreeState & {
      readonly outcome: 'copied';
      /** How many events this run appended. The target had the others already. */
      readonly appended: number;
      /** How many events were appended to the source meanwhile. If not 0, the source is in use: copy again for these events. */
      readonly sourceWentOn: number;
    })
  /** The target has the same event ids as the source, but other content: one of the two logs was changed. */
  | { readonly outcome: 'differs'; readonly source: TreeState; readonly target: TreeState };

/**
 * Copies the events that the source has now. If the process dies at any moment, call it again with the same target. An
 * event keeps its stream, revision, id and stored text; the target gives it a new position.
 *
 * @throws LedgerError `invalid_input`: the target has events that this source does not have, so nothing was written; or the
 *   source has text that the ledger did not write. Also what both stores throw; what was appended until then stays, and nothing is
 *   appended after an append that failed, so call it again.
 */
export async function copyLedger(source: LogReader, target: EventStore, options: CopyOptions = {}): Promise<CopyResult> {
  const cursor: Cursor = {};
  const rows = eachRow(source, cursor);
  try {
    const scan = new TreeScan();
    const differing = await compare(rows, target, scan, options);
    if (differing) return differing;
    const there = scan.tree.size;
    await copyRest(rows, target, scan, options);
    const copied = stateOf(scan);
    const proof = stateOf(await scanTree(readerOf(target), {}, (events) => options.onProgress?.('prove', events)));
    if (proof.size !== copied.size || proof.root !== copied.root) return { outcome: 'differs', source: copied, target: proof };
    return { outcome: 'copied', ...copied, appended: copied.size - there, sourceWentOn: await countAfter(source, cursor) };
  } finally {
    await rows.return(undefined);
  }
}

type Rows = AsyncGenerator<LogRow, undefined, undefined>;

/** How far the source was read. */
interface Cursor {
  /** The position of the last event that was read. Written by `eachRow`. */
  last?: Position;
}

async function* eachRow(log: LogReader, cursor: Cursor = {}): Rows {
  for await (const rows of log.rows()) {
    for (const row of rows) {
      cursor.last = row.position;
      yield row;
    }
  }
  return undefined;
}

function stateOf({ tree }: TreeScan): TreeState {
  return { size: tree.size, root: tree.root().toString('base64') };
}

const progressEvents = 1_000;

/** Reads the source as far as the target goes. Returns the difference if an event has the same id but other content. */
async function compare(
  rows: Rows,
  target: EventStore,
  scan: TreeScan,
  { onProgress }: CopyOptions,
): Promise<Extract<CopyResult, { outcome: 'differs' }> | undefined> {
  const found = new TreeScan();
  for await (const there of eachRow(readerOf(target))) {
    const { value: row } = await rows.next();
    if (row === undefined || row.id !== there.id) throw refused(scan.tree.size, there, row);
    scan.take(row);
    found.take(there);
    if (leafText(there) !== leafText(row)) return { outcome: 'differs', source: stateOf(scan), target: stateOf(found) };
    if (scan.tree.size % progressEvents === 0) onProgress?.('compare', scan.tree.size);
  }
  return undefined;
}

function refused(same: number, there: LogRow, row: LogRow | undefined): LedgerError {
  const place = (of: LogRow): string => `${of.stream}@${of.revision} (${of.type}, id ${of.id})`;
  const why = row
    ? `is no earlier copy of this source: its event ${same + 1} is ${place(there)}, the source has ${place(row)} there`
    : `has all ${same} events of the source, and then ${place(there)}: it was written to since, and is a ledger of its own now`;
  return new LedgerError('invalid_input', `The target ${why}. Nothing was written; name an empty store`);
}

async function copyRest(rows: Rows, target: EventStore, scan: TreeScan, { keepsOrder, onProgress }: CopyOptions): Promise<void> {
  const there = scan.tree.size;
  const writer = new LogWriter(target, { keepsOrder, onEvents: (events) => onProgress?.('copy', there + events) });
  for await (const row of rows) {
    scan.take(row);
    await writer.take(placed(row, scan.tree.size), Buffer.byteLength(row.data) + Buffer.byteLength(row.metadata));
  }
  await writer.end();
}

function placed({ stream, revision, id, type, data, metadata }: LogRow, number: number): PlacedEvent {
  if (!isAsStringified(data) || !isAsStringified(metadata)) {
    throw new LedgerError(
      'invalid_input',
      `Event ${number} of the source, ${stream}@${revision}, holds text that the ledger did not write: it would not come back to the letter. ` +
        'Run: paidonce verify',
    );
  }
  return { stream, revision, event: { id, type, data: JSON.parse(data) as object, metadata: JSON.parse(metadata) as EventMetadata } };
}

async function countAfter(source: LogReader, { last }: Cursor): Promise<number> {
  let events = 0;
  for await (const rows of source.rows(defined({ after: last }))) events += rows.length;
  return events;
}
