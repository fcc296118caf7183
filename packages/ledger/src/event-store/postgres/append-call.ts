// One call of the function that appends: a group of sets of appends in, an answer for each append out. One round trip.
import type { AppendResult } from '../event-store.ts';
import { toPosition } from '../log-pages.ts';
import type { KnownEvent } from '../log-went-back.ts';
import type { CheckedAppend } from '../stored-text.ts';
import { isolationCode } from './append-function.ts';
import type { PostgresClient, Row } from './client.ts';

export interface AppendAnswer {
  /** The results of each set, in the order of its appends. */
  readonly results: readonly (readonly AppendResult[])[];
  /** The last event of the log that these appends wrote or found. Undefined: all were conflicts. */
  readonly last: KnownEvent<number> | undefined;
  /** True: somebody cancelled the wait for the standby. The group is on one disk alone, and must not be acknowledged. */
  readonly unconfirmed: boolean;
}

/** The notice "canceling wait for synchronous replication": the commit is local only. */
const warning = '01000';

/** A revision is an integer of 32 bits, and no stream comes near this one: whoever expects more meets a conflict too. */
const beyondAnyRevision = 2_000_000_000;

export class AppendCall {
  readonly #sql: string;
  readonly #lockWaitMs: number;
  /** True once a default isolation above READ COMMITTED was met: then it is said for each call. Written by `run`. */
  #saysIsolation = false;

  /** @param attemptTimeoutMs the server gives up the wait for the lock before the attempt ends, so that none waits on alone. */
  constructor(schema: string, attemptTimeoutMs: number) {
    const values = Array.from({ length: 12 }, (_, n) => `$${n + 1}`).join(', ');
    this.#sql = `select array_to_string(revisions, ' ') as revisions, array_to_string(positions, ' ', '-') as positions from ${schema}.append_1(${values})`;
    this.#lockWaitMs = Math.max(1, Math.floor(attemptTimeoutMs * 0.9));
  }

  async run(
    client: PostgresClient,
    sets: readonly (readonly CheckedAppend[])[],
    known: KnownEvent<number> | undefined,
  ): Promise<AppendAnswer> {
    const values = this.#valuesOf(sets, known);
    let unconfirmed = false;
    const listener = ({ code }: { readonly code?: string | undefined }): void => {
      if (code === warning) unconfirmed = true;
    };
    client.on('notice', listener);
    try {
      const row = await this.#query(client, values);
      return { ...answersOf(row, sets), unconfirmed };
    } finally {
      client.removeListener('notice', listener);
    }
  }

  async #query(client: PostgresClient, values: unknown[]): Promise<Row> {
    if (this.#saysIsolation) return this.#queryReadCommitted(client, values);
    try {
      return (await client.query(this.#sql, values)).rows[0] as Row;
    } catch (error) {
      if ((error as { code?: unknown }).code !== isolationCode) throw error;
      this.#saysIsolation = true;
      return this.#queryReadCommitted(client, values);
    }
  }

  /** For roles whose default is another isolation: one round trip more, and the COMMIT's under the lock. */
  async #queryReadCommitted(client: PostgresClient, values: unknown[]): Promise<Row> {
    await client.query('begin isolation level read committed read write');
    try {
      const { rows } = await client.query(this.#sql, values);
      await client.query('commit');
      return rows[0] as Row;
    } catch (error) {
      await client.query('rollback').catch(() => undefined); // Where the connection is lost, the server rolls back.
      throw error;
    }
  }

  #valuesOf(sets: readonly (readonly CheckedAppend[])[], known: KnownEvent<number> | undefined): unknown[] {
    const appends = sets.flat();
    const events = appends.flatMap((append) => append.events);
    return [
      appends.map(({ stream }) => stream),
      appends.map(({ expectedRevision }) => Math.min(expectedRevision, beyondAnyRevision)),
      appends.map((append) => append.events.length),
      sets.flatMap((set, index) => set.map(() => index + 1)),
      appends.flatMap((append, index) => append.events.map(() => index + 1)),
      events.map(({ id }) => id),
      events.map(({ type }) => type),
      events.map(({ data }) => data),
      events.map(({ metadata }) => metadata),
      known?.position ?? 0,
      known?.id ?? '',
      this.#lockWaitMs,
    ];
  }
}

function answersOf(row: Row, sets: readonly (readonly CheckedAppend[])[]): Omit<AppendAnswer, 'unconfirmed'> {
  const revisions = String(row['revisions']).split(' ');
  const positions = String(row['positions']).split(' ');
  let last: KnownEvent<number> | undefined;
  let answered = 0;
  const answerOf = ({ events }: CheckedAppend): AppendResult => {
    const index = answered++;
    const revision = Number(revisions[index]);
    if (positions[index] === '-') return { appended: false, actualRevision: revision };
    const position = Number(positions[index]);
    if (last === undefined || position > last.position) last = { position, id: events.at(-1)?.id ?? '' };
    return { appended: true, revision, position: toPosition(position) };
  };
  return { results: sets.map((set) => set.map(answerOf)), last };
}
