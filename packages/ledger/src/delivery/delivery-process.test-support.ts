// Runs a ledger in a separate process on a SQLite log. The two-process test forks it, and sends it messages. Arguments: the
// log, the shop's database. Its `deliver` writes when a message says so, even if it was aborted meanwhile.
import { DatabaseSync } from 'node:sqlite';
import { openSqliteEventStore } from '../event-store/sqlite/sqlite.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { MembershipChange } from '../payment-ledger.ts';
import { buy, refund } from './delivery.test-support.ts';

export type Told = { readonly buy: string } | { readonly refund: string } | { readonly write: string } | { readonly stop: true };
export type Said =
  | { readonly ready: true }
  | { readonly delivering: string }
  | { readonly aborted: string }
  | { readonly written: string }
  | { readonly stopped: true };

const [logPath, shopPath] = process.argv.slice(2);
if (logPath === undefined || shopPath === undefined) throw new Error('Give the log and the database of the shop');
const shop = new DatabaseSync(shopPath, { timeout: 2 ** 31 - 1 });
const writes = new Map<string, () => void>();

function say(said: Said): void {
  process.send?.(said);
}

async function deliver(change: MembershipChange, signal: AbortSignal): Promise<void> {
  const { membershipId, status, sequence, idempotencyKey } = change;
  signal.addEventListener('abort', () => say({ aborted: idempotencyKey }));
  say({ delivering: idempotencyKey });
  await new Promise<void>((resolve) => {
    writes.set(idempotencyKey, resolve);
  });
  shop
    .prepare(
      `insert into memberships values (?, ?, ?) on conflict (membership_id) do update
       set status = excluded.status, sequence = excluded.sequence where sequence < excluded.sequence`,
    )
    .run(membershipId, status, sequence);
  shop.prepare('insert or replace into careless values (?, ?)').run(membershipId, status);
  say({ written: idempotencyKey });
}

const ledger = createPaymentLedger({
  eventStore: await openSqliteEventStore(logPath),
  deliver,
  readModels: ':memory:',
  deliverTimeoutMs: 600_000,
});

process.on('message', async (told: Told) => {
  if ('buy' in told) await buy(ledger, told.buy);
  if ('refund' in told) await refund(ledger, told.refund);
  if ('write' in told) writes.get(told.write)?.();
  if ('stop' in told) {
    await ledger[Symbol.asyncDispose]();
    shop.close();
    say({ stopped: true });
    process.disconnect();
  }
});
say({ ready: true });
