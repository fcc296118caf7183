// A process of its own with a ledger on an event store: 64 callers say at once that one order is paid, from all four
// sources. Arguments: the URL of the store, the order, the name of the process. Prints the outcomes as JSON.
import { createInterface } from 'node:readline';
import { createPaymentLedger } from '../../ledger.ts';
import type { Observation, Source } from '../../observation.ts';
import { openEventStore } from '../store-url.ts';

const sources: readonly Source[] = ['webhook', 'poll', 'status_query', 'manual'];
const [url = '', orderId = '', name = ''] = process.argv.slice(2);

function saying(index: number): Observation {
  const payment = { provider: 'stripe', account: 'acct_1', livemode: false, id: `pi_${orderId}` };
  const statement = {
    payment,
    orderId,
    fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 4_900, currency: 'usd' } },
    asOf: '2026-01-01T00:00:00.000Z',
    evidence: { objectId: payment.id, eventId: `evt_${name}_${index}` },
  } as const;
  const source = sources[index % sources.length] ?? 'webhook';
  return source === 'manual' ? { ...statement, source, by: { actor: 'support-1', reason: 'test' } } : { ...statement, source };
}

await using ledger = createPaymentLedger({ eventStore: await openEventStore(url), background: false, readModels: ':memory:' });
console.log('ready');
for await (const _ of createInterface(process.stdin)) break; // All processes begin when they are told.
const answers = await Promise.all(Array.from({ length: 64 }, (_, index) => ledger.observePayment(saying(index))));
console.log(JSON.stringify(answers.map(({ outcome }) => outcome)));
