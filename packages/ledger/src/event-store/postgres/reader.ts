// Reads the log: each read is one statement, with the proof beside its rows that the server is no replica and that the last
// event which this process knows is still there.
import { LedgerError } from '../../errors.ts';
import type { LogPage, Position, StoredEvent } from '../event-store.ts';
import { pageEvents, refusePositionPastEnd, toPosition } from '../log-pages.ts';
import type { LastKnown } from '../log-went-back.ts';
import { fromStoredRow } from '../stored-text.ts';
import { replicaCode } from './append-function.ts';
import type { Row } from './client.ts';
import { Unanswered } from './failure.ts';
import { type RetryPolicy, retryReading } from './retry.ts';

/** A page also ends after this much stored text, so that large events do not fill the memory. */
const pageBytes = 4 * 1024 * 1024;
/** The largest bigint: a text that is larger is past the end of any log. */
const lastPosition = '9223372036854775807';

export interface Reading {
  readonly policy: RetryPolicy;
  readonly schema: string;
  readonly known: LastKnown<number>;
  /** True: a replica may answer. */
  readonly readOnly: boolean;
  /** @throws LedgerError `closed`. */
  readonly refuseClosed: () => void;
}

export class Reader {
  readonly #reading: Reading;
  readonly #sql: Readonly<Record<'stream' | 'page' | 'head', string>>;

  constructor(reading: Reading) {
    this.#reading = reading;
    this.#sql = statements(reading.schema);
  }

  async readStream(stream: string, afterRevision: number): Promise<readonly StoredEvent[]> {
    const rows = await this.#read(`${stream}: the read`, this.#sql.stream, (known) => [...known, stream, afterRevision]);
    return this.#eventsOf(rows);
  }

  async readPage(after: Position, prefixes: readonly string[] | undefined): Promise<LogPage> {
    const from = BigInt(after) > BigInt(lastPosition) ? lastPosition : String(BigInt(after));
    const rows = await this.#read('The read of the log', this.#sql.page, (known) => [...known, from, prefixes ?? null]);
    const { next, head } = rows[0] as Row;
    refusePositionPastEnd(after, toPosition(Number(head)));
    return { events: this.#eventsOf(rows), next: next === from ? after : toPosition(Number(next)), caughtUp: Number(next) >= Number(head) };
  }

  /** Returns the last position of the log; 0: it is empty. One attempt. */
  async head(): Promise<number> {
    const rows = await this.#ask(this.#sql.head, (known) => [...known]);
    return Number(rows[0]?.['head']);
  }

  #read(what: string, sql: string, valuesOf: (known: readonly unknown[]) => unknown[]): Promise<readonly Row[]> {
    const { policy, known, refuseClosed } = this.#reading;
    return retryReading(policy, {
      what,
      before: () => {
        refuseClosed();
        known.refuseLost();
      },
      attempt: () => this.#ask(sql, valuesOf),
    });
  }

  /** One attempt. */
  async #ask(sql: string, valuesOf: (known: readonly unknown[]) => unknown[]): Promise<readonly Row[]> {
    const { policy, known } = this.#reading;
    const rows = await policy.connections.use(policy.attemptTimeoutMs, async (client) => {
      const { id, position } = known.event ?? { id: '', position: 0 };
      const read = (await client.query(sql, valuesOf([position, id]))).rows as Row[];
      this.#refuseReplica(read[0] as Row);
      return read;
    });
    this.#proveKnown(rows[0] as Row);
    return rows;
  }

  /** Refuses what a replica says, or with `readOnly` one that lags: its client is destroyed, and the next may lead to another server. */
  #refuseReplica({ replica, missed }: Row): void {
    if (replica !== 'true') return;
    if (!this.#reading.readOnly) throw Object.assign(new Error('a replica'), { code: replicaCode });
    if (missed !== null)
      throw new Unanswered(`The replica does not have event ${missed}, which this process has read: it lags, or its log went back`);
  }

  /** @throws LedgerError `log_went_back`. */
  #proveKnown(row: Row): void {
    const { known, schema } = this.#reading;
    if (row['missed'] === null) return;
    known.missed(`Event ${row['missed']}, which this process knows, is no longer in the log (schema ${schema})`);
  }

  #eventsOf(rows: readonly Row[]): readonly StoredEvent[] {
    const events: StoredEvent[] = [];
    for (const row of rows.slice(1)) events.push(toStoredEvent(row));
    const last = events.at(-1);
    if (last) this.#reading.known.note({ position: Number(last.position), id: last.id });
    return events;
  }
}

function toStoredEvent(row: Row): StoredEvent {
  const { position, stream, revision, id, type, data, metadata } = row as Record<string, string>;
  if (!position || !revision || !id || !type || data === undefined || metadata === undefined || !stream) {
    throw new LedgerError('corrupt', `Position ${position ?? '?'} of the log has no whole event. Stop the writers, run: paidonce verify`);
  }
  return fromStoredRow({ stream, revision: Number(revision), position: toPosition(Number(position)), id, type, data, metadata });
}

/**
 * In each, $1 and $2 are position and id of the known event (0: none). The first row is about the server and the log: `missed` is
 * that event where it is gone. The events follow. All values are text.
 */
function statements(schema: string): Readonly<Record<'stream' | 'page' | 'head', string>> {
  const about = `pg_catalog.pg_is_in_recovery()::text as replica,
    case when $1::bigint > 0 and not exists (select from ${schema}.events k where k.position = $1 and k.id = $2)
      then $2 || ' at position ' || $1::text end as missed`;
  const noEvent =
    'null::bigint as place, null::text as stream, null::text as revision, null::text as id, null::text as type, null::text as data, null::text as metadata';
  const event = 'e.revision::text, e.id, e.type, e.data, e.metadata';
  const columns = 'replica, missed, next, head, place::text as position, stream, revision, id, type, data, metadata';
  return {
    head: `select ${about}, (select coalesce(max(position), 0)::text from ${schema}.events) as head`,
    stream: `select ${columns} from (
        select ${about}, null::text as next, null::text as head, ${noEvent}
        union all
        select null, null, null, null, e.position, $3::text, ${event}
        from ${schema}.events e where e.stream = (select s.id from ${schema}.streams s where s.name = $3) and e.revision > $4::bigint
      ) rows order by place nulls first`,
    page: `with raw as (
        select e.*, octet_length(data) + octet_length(metadata) as size
        from ${schema}.events e where position > $3::bigint order by position limit ${pageEvents}
      ), cut as materialized (
        select * from (select raw.*, sum(size) over (order by position) - size as before from raw) sized where before < ${pageBytes}
      )
      select ${columns} from (
        select ${about}, coalesce((select max(position) from cut), $3::bigint)::text as next,
          (select coalesce(max(position), 0)::text from ${schema}.events) as head, ${noEvent}
        union all
        select null, null, null, null, e.position, s.name, ${event} from cut e join ${schema}.streams s on s.id = e.stream
        where $4::text[] is null or exists (select from unnest($4::text[]) p where starts_with(s.name, p))
      ) rows order by place nulls first`,
  };
}
