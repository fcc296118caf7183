// Runs a ledger in a separate process on a SQLite log. The two-process test forks it, and sends it messages. Arguments: the
// log, the shop's database. Its `deliver` writes when a message says so, even if it was aborted meanwhile.
import { DatabaseSync } from 'node:sqlite';
import { openSqliteEventStore } from '../event-store/sqlite/sqlite.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { MembershipChange } from '../payment-ledger.ts';
import { testRuntime } from '../test-runtime.test-support.ts';
import { buy, refund } from './delivery.test-support.ts';

export type ProcessCommand = { readonly buy: string } | { readonly refund: string } | { readonly write: string } | { readonly stop: true };
export type ProcessMessage =
  | { readonly ready: true }
  | { readonly delivering: string }
  | { readonly aborted: string }
  | { readonly written: string }
  | { readonly stopped: true };

const [logPath, shopPath] = process.argv.slice(2);
if (logPath === undefined || shopPath === undefined) throw new Error('Give the log and the database of the shop');
const shop = new DatabaseSync(shopPath, { timeout: 2 ** 31 - 1 });
const writes = new Map<string, () => void>();

function send(message: ProcessMessage): void {
  process.send?.(message);
}

async function deliver(change: MembershipChange, signal: AbortSignal): Promise<void> {
  const { membershipId, status, sequence, idempotencyKey } = change;
  signal.addEventListener('abort', () => send({ aborted: idempotencyKey }));
  send({ delivering: idempotencyKey });
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
  send({ written: idempotencyKey });
}

const ledger = createPaymentLedger({
  eventStore: await openSqliteEventStore(logPath, { runtime: testRuntime }),
  runtime: testRuntime,
  deliver,
  readModels: ':memory:',
  deliverTimeoutMs: 600_000,
});

process.on('message', async (command: ProcessCommand) => {
  if ('buy' in command) await buy(ledger, command.buy);
  if ('refund' in command) await refund(ledger, command.refund);
  if ('write' in command) writes.get(command.write)?.();
  if ('stop' in command) {
    await ledger[Symbol.asyncDispose]();
    shop.close();
    send({ stopped: true });
    process.disconnect();
  }
});
send({ ready: true });
