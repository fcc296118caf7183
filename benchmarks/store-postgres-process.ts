// A process of `bench -- store`: appends as long as it is told, by the store or by a bare loop on the same pool, and says how many.
import { openPostgresEventStore } from '@paidonce/ledger/postgres';
import { Pool } from 'pg';
import { BareLoop } from './store-postgres-bare.ts';

/** One slot. */
export interface Slot {
  readonly variant: 'store' | 'bare';
  readonly callers: number;
  readonly ms: number;
}

/** Data of about the size of an order's event. */
const data = {
  source: 'webhook',
  payment: { provider: 'stripe', account: 'acct_bench', livemode: false, id: 'pi_bench' },
  text: 'x'.repeat(400),
};
const metadata = { version: '1', instance: 'bench', cause: 'bench', recordedAt: '2026-01-01T00:00:00.000Z' };

const [url = '', schema = '', index = '0'] = process.argv.slice(2);
const pool = new Pool({ connectionString: url, max: 4 });
const store = await openPostgresEventStore({ pool, schema });
const bare = new BareLoop(await pool.connect(), schema, Number(index), { data: JSON.stringify(data), metadata: JSON.stringify(metadata) });

process.on('message', (slot: Slot) => void perSecond(slot).then((rate) => process.send?.(rate)));
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function perSecond({ variant, callers, ms }: Slot): Promise<number> {
  const group = `bench-${crypto.randomUUID()}`;
  const append =
    variant === 'bare'
      ? (stream: string, revision: number) => bare.append(stream, revision)
      : (stream: string, revision: number) =>
          store.append(stream, revision, [{ id: crypto.randomUUID(), type: 'Benched', data, metadata }]);
  const startedMs = performance.now();
  let appended = 0;
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let revision = -1; performance.now() - startedMs < ms; revision++) {
        await append(`${group}-${caller}`, revision);
        appended += 1;
      }
    }),
  );
  return (appended * 1_000) / (performance.now() - startedMs);
}
