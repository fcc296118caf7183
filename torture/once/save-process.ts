// A process that saves decisions with one of the examples, and kills itself in the middle. Forked with the example's file and the
// URL of its database.
import type { MembershipChange } from '@paidonce/ledger';

interface Task {
  readonly changes: readonly MembershipChange[];
  /** After so many answers it ends, whatever is on its way. */
  readonly answers: number;
}

const [file = '', url = ''] = process.argv.slice(2);
const shop = (await import(file)).openShop(url);
const { signal } = new AbortController();
process.on('message', ({ changes, answers }: Task) => {
  let answered = 0;
  for (const change of changes) {
    void shop.saveMembership(change, signal).then(() => {
      answered += 1;
      if (answered === answers) process.kill(process.pid, 'SIGKILL');
    });
  }
});
process.send?.({ ready: true });
