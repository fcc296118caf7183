// Exports a log as CSV for spreadsheets: one row for each event of an order, with the fields that people sort and sum by.
import { defined } from '../../defined.ts';
import { readOrderEvent } from '../../order/event-schemas.ts';
import { orderAggregate } from '../../streams/order-aggregate.ts';
import type { LogReader } from '../log/log-reader.ts';
import { type LogRow, positionText, storedEvent } from '../log/log-row.ts';
import { decimalText } from '../minor-units.ts';
import type { LineOptions } from './ndjson.ts';

const columns = [
  'position',
  'recordedAt',
  'order',
  'revision',
  'event',
  'member',
  'plan',
  'source',
  'payment',
  'account',
  'mode',
  'fact',
  'status',
  'object',
  'amount',
  'amountMinor',
  'currency',
  'asOf',
  'sequence',
  'review',
  'resolution',
  'actor',
  'reason',
  'evidence',
] as const;
type Row = Partial<Record<(typeof columns)[number], string | number | undefined>>;

/**
 * Yields the lines of a CSV file (RFC 4180), the heading first, without line breaks.
 * @throws LedgerError `corrupt`, `file_newer`: an event cannot be read. Also what the store throws.
 */
export async function* csvLines(log: LogReader, { asOf, onEvents }: LineOptions = {}): AsyncGenerator<string, void, undefined> {
  let events = 0;
  yield columns.join(',');
  for await (const rows of log.rows(defined({ upTo: asOf }))) {
    for (const row of rows) {
      if (!row.stream.startsWith(orderAggregate.stream(''))) continue;
      const cells = rowOf(row);
      yield columns.map((column) => cellText(cells[column])).join(',');
    }
    events += rows.length;
    onEvents?.(events);
  }
}

/** All fields that a column may need, whatever the type of the event. */
interface LooseData {
  readonly memberId?: string;
  readonly plan?: string;
  readonly source?: string;
  readonly payment?: { readonly id: string; readonly account: string; readonly livemode: boolean };
  readonly livemode?: boolean;
  readonly account?: string;
  readonly expected?: { readonly amountMinor: number; readonly currency: string };
  readonly fact?: {
    readonly kind: string;
    readonly status: string;
    readonly id?: string;
    readonly amountMinor?: number;
    readonly amount?: { readonly totalMinor: number; readonly currency: string };
  };
  readonly asOf?: string;
  readonly sequence?: number;
  readonly reviewId?: string;
  readonly kind?: string;
  readonly resolution?: string;
  readonly by?: { readonly actor: string; readonly reason: string };
  readonly reason?: string;
  readonly evidence?: { readonly objectId: string; readonly eventId?: string };
}

function rowOf(row: LogRow): Row {
  const { position, stream, revision, type, metadata } = storedEvent(row);
  // Parse at the event's schema version: a newer version would silently give wrong columns.
  const fields: LooseData = readOrderEvent(storedEvent(row)).data;
  const { recordedAt } = metadata;
  const livemode = fields.payment?.livemode ?? fields.livemode;
  return {
    position: positionText(position),
    recordedAt,
    order: stream.slice(orderAggregate.stream('').length),
    revision,
    event: type,
    member: fields.memberId,
    plan: fields.plan,
    source: fields.source,
    payment: fields.payment?.id,
    account: fields.payment?.account ?? fields.account,
    mode: livemode === undefined ? undefined : livemode ? 'live' : 'test',
    fact: fields.fact?.kind,
    status: fields.fact?.status,
    object: fields.fact?.id,
    ...amountIn(fields),
    asOf: fields.asOf,
    sequence: fields.sequence,
    review: fields.reviewId === undefined ? undefined : [fields.reviewId, fields.kind].filter(Boolean).join(' '),
    resolution: fields.resolution,
    actor: fields.by?.actor,
    reason: fields.by?.reason ?? fields.reason,
    evidence: fields.evidence?.eventId ?? fields.evidence?.objectId,
  };
}

/** Returns the amount columns. A refund or a dispute has no currency of its own: it is the payment's. */
function amountIn({ fact, expected }: LooseData): Row {
  const amountMinor = fact?.amount?.totalMinor ?? fact?.amountMinor ?? expected?.amountMinor;
  const currency = fact?.amount?.currency ?? expected?.currency;
  if (amountMinor === undefined) return {};
  return {
    amountMinor,
    currency: currency?.toUpperCase(),
    amount: currency === undefined ? undefined : decimalText(amountMinor, currency),
  };
}

/** Returns the cell as CSV. A spreadsheet would run text that begins like a formula, so it gets an apostrophe in front. */
function cellText(value: string | number | undefined): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
