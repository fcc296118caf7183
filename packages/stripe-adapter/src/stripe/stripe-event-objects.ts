// The edge, for events: what we use of them. A snapshot event carries a copy of its object, a thin one names it.
import { idSchema, isId } from '@paidonce/ledger/adapter';
import * as z from 'zod';
import { nullable, secondsSchema } from './stripe-objects.ts';

export interface StripeEvent {
  readonly id: string;
  readonly type: string;
  /** Its `account`, else the account that its context names; null for events of the account itself. */
  readonly account: string | null;
  readonly api_version: string | null;
  /** Unix seconds. */
  readonly created: number;
  readonly livemode: boolean;
  readonly data: { readonly object: unknown };
}

/** A thin event: it names its object and carries no copy. */
export interface StripeThinEvent {
  readonly id: string;
  readonly type: string;
  /** The account that its context names; null for events of the account itself. */
  readonly account: string | null;
  /** ISO 8601. */
  readonly created: string;
  readonly livemode: boolean;
  readonly related_object: { readonly id: string; readonly type: string } | null;
}

/** The context of an organisation is a path, and its last part is the account. */
const contextSchema: z.ZodType<string> = z
  .string()
  .transform((context) => context.split('/').at(-1) ?? '')
  .refine(isId);

export const eventSchema: z.ZodType<StripeEvent> = z
  .object({
    id: idSchema,
    type: idSchema,
    account: nullable(idSchema),
    context: nullable(contextSchema),
    api_version: nullable(idSchema),
    created: secondsSchema,
    livemode: z.boolean(),
    data: z.object({ object: z.unknown() }),
  })
  .transform(({ context, account, ...event }) => ({ ...event, account: account ?? context }));

export const thinEventSchema: z.ZodType<StripeThinEvent> = z
  .object({
    id: idSchema,
    type: idSchema,
    context: nullable(contextSchema),
    created: z.iso.datetime({ offset: true }),
    livemode: z.boolean(),
    related_object: nullable(z.object({ id: idSchema, type: z.string() })),
  })
  .transform(({ context, ...event }) => ({ ...event, account: context }));
