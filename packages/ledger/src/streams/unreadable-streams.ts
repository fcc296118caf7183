// The streams `unreadable-{object}`: provider objects that could not be read, recorded by id and digest, never by
// body. Each object has its own stream: a new API version may make thousands unreadable at once.

import * as z from 'zod';
import type { UnreadableObject } from '../adapter-ledger.ts';
import type { Alert } from '../alerts.ts';
import { eventReader } from '../event-store/event-versions.ts';
import { parse } from '../input.ts';
import type { Logger } from '../logger.ts';
import { idSchema } from '../observation.ts';
import type { Aggregate } from './aggregate.ts';
import type { Transactions } from './transact.ts';

export interface ObjectNotUnderstood {
  readonly type: 'ObjectNotUnderstood';
  readonly data: UnreadableObject;
}

/** The folded stream of one object. */
export interface Unreadable {
  readonly revision: number;
  /** What was recorded, by `unreadableKey`. */
  readonly keys: readonly string[];
}

const unreadableSchema: z.ZodType<UnreadableObject> = z.strictObject({
  objectId: idSchema,
  eventId: z.exactOptional(idSchema),
  type: idSchema,
  apiVersion: z.exactOptional(idSchema),
  account: z.exactOptional(idSchema),
  livemode: z.exactOptional(z.boolean()),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  path: z.string().max(200),
});

/** An object that fails at the same path under the same API version is recorded once. */
function unreadableKey({ objectId, apiVersion, path }: UnreadableObject): string {
  return `${objectId} ${apiVersion ?? ''} ${path}`;
}

export const unreadableAggregate: Aggregate<Unreadable, ObjectNotUnderstood> = {
  stream: (objectId) => `unreadable-${objectId}`,
  initial: () => ({ revision: -1, keys: [] }),
  evolve: ({ revision, keys }, { data }) => ({ revision: revision + 1, keys: [...keys, unreadableKey(data)] }),
  ...eventReader<ObjectNotUnderstood>({ ObjectNotUnderstood: [unreadableSchema] }),
};

export interface UnreadableObjects {
  /**
   * Records the object, logs it and sends the alert `object_not_understood`. `exists`: it was recorded before.
   * @throws LedgerError `invalid_input`, and what `transact` throws.
   */
  record(object: UnreadableObject): Promise<{ readonly outcome: 'recorded' | 'exists' }>;
}

export function openUnreadableObjects(
  transactions: Transactions,
  { log, onAlert }: { readonly log: Logger; readonly onAlert: (alert: Alert) => void },
): UnreadableObjects {
  return {
    record: async (object) => {
      const data = parse(unreadableSchema, object, 'object');
      const { objectId, eventId, type, path } = data;
      const { answer } = await transactions.transact(unreadableAggregate, objectId, { cause: eventId ?? objectId }, ({ keys }) =>
        keys.includes(unreadableKey(data))
          ? { events: [], answer: 'exists' as const, final: true }
          : { events: [{ type: 'ObjectNotUnderstood', data }], answer: 'recorded' as const },
      );
      if (answer === 'recorded') {
        const message = `${type} ${objectId} could not be read at ${path || 'its root'}. It is kept by id; upgrade the adapter, then look at it again`;
        log.error({ objectId, eventId }, message);
        onAlert({ kind: 'object_not_understood', message });
      }
      return { outcome: answer };
    },
  };
}
