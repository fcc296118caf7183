// The stream `ledger`: the identity of the log, one event for ever. The first process that places an order writes it, or that
// makes something at a provider for one; also into a log of an earlier release. Opening, copying and reading never do. Who
// loses that race takes the winner's.
import * as z from 'zod';
import { invariant } from '../errors.ts';
import { eventReader } from '../event-store/event-versions.ts';
import { idSchema } from '../observation.ts';
import type { Runtime } from '../runtime.ts';
import type { Aggregate } from './aggregate.ts';
import type { Transactions } from './transact.ts';

export interface LedgerCreated {
  readonly type: 'LedgerCreated';
  /** Random. Copies and restores of the log keep it. */
  readonly data: { readonly ledgerId: string };
}

interface Created {
  readonly revision: number;
  /** Absent: no order was placed since logs have identities. */
  readonly ledgerId?: string;
}

export const ledgerAggregate: Aggregate<Created, LedgerCreated> = {
  stream: () => 'ledger',
  initial: () => ({ revision: -1 }),
  evolve: ({ revision }, { data }) => {
    invariant(revision === -1, `the log has an identity already, and was given another, ${data.ledgerId}`);
    return { revision: revision + 1, ledgerId: data.ledgerId };
  },
  ...eventReader<LedgerCreated>({ LedgerCreated: [z.strictObject({ ledgerId: idSchema })] }),
};

/** The identity of the log; in memory once it is known. Both methods throw what `transact` throws. */
export interface LedgerIdentity {
  /** Strong. Undefined: the log has none yet. */
  read(): Promise<string | undefined>;
  /** Gives the log an identity if it has none. Durable when it answers. */
  ensure(): Promise<string>;
}

export function openLedgerIdentity(transactions: Transactions, { uuid }: Pick<Runtime, 'uuid'>): LedgerIdentity {
  let known: string | undefined; // Written by both functions, and never changed after that: the log keeps its identity.
  return {
    read: async () => {
      known ??= (await transactions.read(ledgerAggregate, '')).ledgerId;
      return known;
    },
    ensure: async () => {
      if (known !== undefined) return known;
      const fresh = uuid();
      const { answer } = await transactions.transact(ledgerAggregate, '', { cause: 'create' }, ({ ledgerId }) =>
        ledgerId === undefined
          ? { events: [{ type: 'LedgerCreated' as const, data: { ledgerId: fresh } }], answer: fresh }
          : { events: [], answer: ledgerId, final: true },
      );
      known = answer;
      return answer;
    },
  };
}
