// PaidOnce: a first report of a payment links it to its order, records it and grants. Orders are placed before, as at a checkout.
import { join } from 'node:path';
import { createPaymentLedger, type PaymentLedgerOptions } from '@paidonce/ledger';
import { openPostgresEventStore } from '@paidonce/ledger/postgres';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { type Place, paidOf, type Side, timesOf } from '../side.ts';

const account = 'acct_bench';
/** No process of a peer works off its queue or reads its events either. */
const writesOnly = { background: false } as const;

export async function paidonceSqlite({ folder }: Place): Promise<Side> {
  return sideOf({ eventStore: await openSqliteEventStore(join(folder, 'ledger.db')), ...writesOnly });
}

/** As a shop runs it: read models follow, and each decision is delivered. */
export async function paidonceSqliteWhole({ folder }: Place): Promise<Side> {
  return sideOf({ eventStore: await openSqliteEventStore(join(folder, 'ledger.db')), deliver: async () => undefined }, { settles: true });
}

export async function paidoncePostgres({ url }: Place): Promise<Side> {
  return sideOf({ eventStore: await openPostgresEventStore({ url }), ...writesOnly });
}

function sideOf(options: PaymentLedgerOptions, { settles = false } = {}): Side {
  const { eventStore } = options;
  const ledger = createPaymentLedger(options);
  return {
    prepare: async (payments) => {
      const place = async (payment: number): Promise<void> => {
        const { orderId, amountMinor, currency } = paidOf(payment);
        await ledger.placeOrder({ orderId, memberId: `m-${payment}`, plan: 'pro', amountMinor, currency, account, livemode: false });
      };
      for (let from = 0; from < payments.length; from += 256) await Promise.all(payments.slice(from, from + 256).map(place));
    },
    paid: async (payment) => {
      const { payment: id, orderId, amountMinor: totalMinor, currency, eventId, at } = paidOf(payment);
      await ledger.observePayment({
        source: 'webhook',
        payment: { provider: 'stripe', account, livemode: false, id },
        orderId,
        fact: { kind: 'attempt', status: 'paid', amount: { totalMinor, currency } },
        asOf: at,
        evidence: { objectId: id, eventId },
      });
    },
    ...(settles && { settle: () => ledger.settle() }),
    counted: async () => {
      const granted: string[] = [];
      for await (const { events } of eventStore.readLog())
        granted.push(...events.filter(({ type }) => type === 'MembershipGranted').map(({ stream }) => stream));
      return timesOf(granted);
    },
    close: async () => ledger[Symbol.asyncDispose](),
  };
}
