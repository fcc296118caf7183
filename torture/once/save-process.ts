// A process that saves decisions with one of the examples, and is killed. Forked with the example's file and the URL of its database.
import type { MembershipChange } from '@paidonce/ledger';

const [file = '', url = ''] = process.argv.slice(2);
const shop = (await import(file)).openShop(url);
const { signal } = new AbortController();
process.on('message', (changes: readonly MembershipChange[]) => {
  for (const change of changes) void shop.saveMembership(change, signal).then(() => process.send?.({ saved: change.membershipId }));
});
process.send?.({ ready: true });
