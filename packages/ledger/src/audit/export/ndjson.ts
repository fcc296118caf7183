// Exports a log as NDJSON and imports it again, without loss: one event per line, and a last line with the root of the
// tree. An import into an empty store of any kind ends with the same root, or fails.
import { defined } from '../../defined.ts';
import { LedgerError } from '../../errors.ts';
import type { EventMetadata, EventStore, Position } from '../../event-store/event-store.ts';
import { type LogReader, readerOf } from '../log/log-reader.ts';
import type { LogRow } from '../log/log-row.ts';
import { isAsStringified, LogWriter, type PlacedEvent, type WritingOptions } from '../log/log-writer.ts';
import { scanTree, TreeScan } from '../tree/tree-scan.ts';

/** The size of an export and the root that proves it. */
export interface ExportedSize {
  /** How many events the export has. */
  readonly size: number;
  /** The root of the log's tree, base64. */
  readonly root: string;
}

/** Which state of the log to export. */
export interface LineOptions {
  /** Exports the log up to this position. Default: up to its end. */
  readonly asOf?: Position;
  /** Called with the number of events read so far. */
  readonly onEvents?: (events: number) => void;
}

const trailer = 'paidonce-export/1';

/** Yields the lines of the export, without line breaks. @throws LedgerError what the store throws. */
export async function* ndjsonLines(log: LogReader, { asOf, onEvents }: LineOptions = {}): AsyncGenerator<string, void, undefined> {
  const scan = new TreeScan();
  for await (const rows of log.rows(defined({ upTo: asOf }))) {
    for (const row of rows) {
      scan.take(row);
      yield lineOf(row);
    }
    onEvents?.(scan.tree.size);
  }
  yield JSON.stringify({ format: trailer, size: scan.tree.size, root: scan.tree.root().toString('base64') });
}

/** Copies the stored text as JSON. Text that the ledger did not write becomes a string, so that nothing is lost. */
function lineOf({ position, stream, revision, id, type, metadata, data }: LogRow): string {
  const head = JSON.stringify({ position, stream, revision, id, type }).slice(0, -1);
  const member = (name: string, text: string): string =>
    isAsStringified(text) ? `"${name}":${text}` : `"${name}Text":${JSON.stringify(text)}`;
  return `${head},${member('metadata', metadata)},${member('data', data)}}`;
}

/** How to import a log. */
export type ImportOptions = WritingOptions;

/**
 * Appends an exported log to an empty store. Returns the size and root that its last line has.
 * @param lines with or without empty lines, but without line breaks.
 * @throws LedgerError `invalid_input`: the store is not empty, or the lines are not a whole export. `corrupt`: the tree of the
 *   new log has another root. What was appended until then stays: begin again with an empty store. Also what the store throws.
 */
export async function importNdjson(lines: AsyncIterable<string>, store: EventStore, options: ImportOptions = {}): Promise<ExportedSize> {
  await refuseFilled(store);
  const declared = await appendAll(lines, store, options);
  const { tree } = await scanTree(readerOf(store));
  const root = tree.root().toString('base64');
  if (tree.size !== declared.size || root !== declared.root) {
    throw new LedgerError(
      'corrupt',
      `The imported log has ${tree.size} events with root ${root}, the export had ${declared.size} with ${declared.root}. Begin again with an empty store`,
    );
  }
  return declared;
}

async function refuseFilled(store: EventStore): Promise<void> {
  for await (const { events } of store.readLog()) {
    if (events.length > 0)
      throw new LedgerError('invalid_input', 'The store to import into is not empty. Nothing was written; name a new one');
    return;
  }
}

async function appendAll(lines: AsyncIterable<string>, store: EventStore, { keepsOrder, onEvents }: ImportOptions): Promise<ExportedSize> {
  const writer = new LogWriter(store, { keepsOrder, onEvents });
  let declared: ExportedSize | undefined;
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line === '') continue;
    if (declared !== undefined)
      refuseLine(number, 'stands behind the last line of the export, the one with the root: is it a second export?');
    const parsed = parseLine(line, number);
    if ('root' in parsed) declared = parsed;
    else await writer.take(parsed, Buffer.byteLength(line));
  }
  await writer.end();
  if (declared !== undefined) return declared;
  throw new LedgerError(
    'invalid_input',
    `The export is cut off: its last line, with the root, is missing. ${writer.events} events were imported; begin again with an empty store`,
  );
}

type ParsedLine = ExportedSize | PlacedEvent;

function parseLine(line: string, number: number): ParsedLine {
  const value = objectIn(line, number);
  if (value['format'] !== undefined) return readTrailer(value, number);
  const { stream, revision, id, type, metadata, data } = value;
  if ('dataText' in value || 'metadataText' in value)
    return refuseLine(number, 'holds text that the ledger did not write: such a log can be kept, not imported');
  if (typeof stream !== 'string' || typeof revision !== 'number' || typeof id !== 'string' || typeof type !== 'string')
    return refuseLine(number, 'is no event');
  if (!isObject(data) || !isObject(metadata)) return refuseLine(number, 'is no event');
  return { stream, revision, event: { id, type, data, metadata: metadata as EventMetadata } };
}

function objectIn(line: string, number: number): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return refuseLine(number, 'is no JSON');
  }
  if (!isObject(value) || Array.isArray(value)) return refuseLine(number, 'is no event, and not the last line of an export');
  return value as Readonly<Record<string, unknown>>;
}

function readTrailer({ format, size, root }: Readonly<Record<string, unknown>>, number: number): ExportedSize {
  if (format !== trailer) return refuseLine(number, `is the end of an export of another format than ${trailer}`);
  if (typeof root === 'string' && Number.isSafeInteger(size)) return { size: size as number, root };
  return refuseLine(number, 'must have the size and the root of the export');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function refuseLine(number: number, why: string): never {
  throw new LedgerError('invalid_input', `Line ${number} of the export ${why}. Begin again with an empty store`);
}
