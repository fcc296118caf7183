// `npm run golden -- NAME`: writes the later stories, as the ledger records them today, to the golden log NAME.ndjson, and
// prints its entry for golden.test.ts. A file that exists is never written again.
import { writeFileSync } from 'node:fs';
import { createMemoryLog, openMemoryEventStore } from '../event-store/memory.ts';
import { explainOrder } from './explain/explain.ts';
import { explainSubscription } from './explain/explain-subscription.ts';
import { ndjsonLines } from './export/ndjson.ts';
import { writeLaterStories } from './golden-log-later.test-support.ts';
import { readerOf } from './log/log-reader.ts';

const name = process.argv[2];
if (name === undefined) throw new Error('Name it after the change, like: npm run golden -- inquiry');

const log = createMemoryLog();
await writeLaterStories(async () => openMemoryEventStore({ log }));
const reader = readerOf(openMemoryEventStore({ log }));
const lines: string[] = [];
for await (const line of ndjsonLines(reader)) lines.push(line);
writeFileSync(new URL(`./golden/${name}.ndjson`, import.meta.url), lines.map((line) => `${line}\n`).join(''), { flag: 'wx' });

const orders: Record<string, readonly unknown[]> = {};
for (const line of lines) {
  const { type, data } = JSON.parse(line) as { readonly type?: string; readonly data?: { readonly orderId: string } };
  if (type !== 'OrderPlaced' || data === undefined) continue;
  const { membership, sequence, delivered, openReviews } = (await explainOrder(reader, data.orderId)) ?? {};
  orders[data.orderId] = [membership, sequence, delivered, openReviews];
}
const subscriptions: Record<string, readonly unknown[]> = {};
for (const line of lines) {
  const { type, data } = JSON.parse(line) as { readonly type?: string; readonly data?: { readonly subscriptionId: string } };
  if (type !== 'SubscriptionPlaced' || data === undefined) continue;
  const { membership, sequence, delivered, openReviews } = (await explainSubscription(reader, data.subscriptionId)) ?? {};
  subscriptions[data.subscriptionId] = [membership, sequence, delivered, openReviews];
}
const { root } = JSON.parse(lines.at(-1) ?? '') as { readonly root: string };
console.log({ file: `${name}.ndjson`, root, orders, subscriptions });
