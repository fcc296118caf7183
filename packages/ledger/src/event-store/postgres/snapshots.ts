// Snapshots in a table beside the log, in parts, so that no row is large.
import { LedgerError } from '../../errors.ts';
import type { Snapshots } from '../event-store.ts';
import type { PostgresClient, Row } from './client.ts';
import { lockClass, lockKey } from './lock-key.ts';
import type { Reading } from './reader.ts';
import { retryReading } from './retry.ts';

const partBytes = 8 * 1024 * 1024;
/** A part takes its time over a slow network: so many times the limit of an attempt. */
const slower = 12;

export function snapshotsIn({ policy, schema, readOnly, refuseClosed }: Omit<Reading, 'known'>): Snapshots {
  const table = `${schema}.snapshots`;

  function attempt<T>(what: string, work: (client: PostgresClient) => Promise<T>): Promise<T> {
    const timeMs = policy.attemptTimeoutMs * slower;
    return retryReading(policy, { what, before: refuseClosed, attempt: () => policy.connections.use(timeMs, work) });
  }

  return {
    load: (name, layout) =>
      attempt(`${name}: the read of the snapshot`, async (client) => {
        // One statement: a part never comes from another snapshot than the one before it.
        const { rows } = await client.query(
          `select encode(bytes, 'base64') as bytes from ${table} where name = $1 and layout = $2 order by part`,
          [name, layout],
        );
        const parts = (rows as Row[]).map(({ bytes }) => Buffer.from(bytes ?? '', 'base64'));
        return parts.length === 0 ? undefined : Buffer.concat(parts);
      }),

    save: async (name, layout, position, bytes) => {
      if (readOnly) throw new LedgerError('invalid_input', `${name}: the event store was opened with readOnly. Nothing was written.`);
      const place = String(BigInt(position));
      await attempt(`${name}: the snapshot`, async (client) => {
        await client.query('begin isolation level read committed read write');
        try {
          await client.query(`select pg_advisory_xact_lock(${lockClass}, ${lockKey(`snapshot ${schema}`)})`);
          const { rows } = await client.query(`select from ${table} where name = $1 and layout = $2 and position >= $3 limit 1`, [
            name,
            layout,
            place,
          ]);
          if (rows.length === 0) {
            // Those of older layouts go too: an older process that still runs saves its own again.
            await client.query(`delete from ${table} where name = $1 and layout <= $2 and position < $3`, [name, layout, place]);
            for (let part = 0; part * partBytes < bytes.length; part++) {
              const chunk = Buffer.from(bytes.subarray(part * partBytes, (part + 1) * partBytes));
              await client.query(`insert into ${table} (name, layout, part, position, bytes) values ($1, $2, $3, $4, $5)`, [
                name,
                layout,
                part,
                place,
                chunk,
              ]);
            }
          }
          await client.query('commit');
        } catch (error) {
          await client.query('rollback').catch(() => undefined);
          throw error;
        }
      });
    },
  };
}
