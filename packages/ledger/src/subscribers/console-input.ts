// What callers may ask of the lists of a console.
import * as z from 'zod';
import type { Action, ConsoleReads, HitKind, StatisticsSpan } from '../console-reads.ts';
import { idSchema, timeSchema } from '../observation.ts';
import type { ReviewKind } from '../order/events.ts';
import type { MembershipStatus } from '../order/order.ts';
import { reviewSentences } from '../order/review-sentences.ts';
import type { PageRequest } from '../page.ts';

const limit = z.exactOptional(z.number().int().min(1).max(1_000));
const isNext = 'must be `next` of a page of this list';
/** Lists are sorted by a time, which is empty where the log does not say it, then by an id. */
const page = {
  limit,
  after: z.exactOptional(
    z
      .string()
      .max(400)
      .regex(/^(?:\d{4}-\d\d-\d\dT[\d:.]+Z)?\/[^\s]+$/, isNext),
  ),
};
const positions = { limit, after: z.exactOptional(z.string().max(64).regex(/^\d+$/, isNext)) };
const statusSchema: z.ZodType<MembershipStatus> = z.enum(['none', 'active', 'suspended', 'revoked']);
const reviewKinds = Object.keys(reviewSentences) as ReviewKind[];
const actions = [
  'recheck',
  'redeliver',
  'observe',
  'move',
  'link',
  'resolve',
  'withdraw',
  'import',
  'run',
  'cancel_run',
] as const satisfies readonly Action[];
const hitKinds = ['order', 'member', 'object', 'held'] as const satisfies readonly HitKind[];

type Page<Question extends Exclude<keyof ConsoleReads, 'subscriptions'>> = NonNullable<
  Extract<Parameters<ConsoleReads[Question]>[0], PageRequest | undefined>
>;

interface Questions {
  readonly page: PageRequest;
  readonly orders: Page<'orders'>;
  readonly reviews: Page<'reviews'>;
  readonly undelivered: Page<'undelivered'>;
  readonly activity: Page<'activity'>;
  readonly find: NonNullable<Parameters<ConsoleReads['find']>[1]>;
  readonly text: string;
  readonly span: StatisticsSpan;
}

/** One for each question that has parameters. */
export const consoleSchemas: Readonly<{ [Question in keyof Questions]: z.ZodType<Questions[Question]> }> = {
  page: z.strictObject(page),
  orders: z.strictObject({
    ...page,
    status: z.exactOptional(statusSchema),
    plan: z.exactOptional(idSchema),
    account: z.exactOptional(idSchema),
  }),
  reviews: z.strictObject({ ...page, kind: z.exactOptional(z.enum(reviewKinds)) }),
  undelivered: z.strictObject({ ...page, error: z.exactOptional(z.string().max(130)) }),
  activity: z.strictObject({
    ...positions,
    actor: z.exactOptional(idSchema),
    action: z.exactOptional(z.enum(actions)),
    orderId: z.exactOptional(idSchema),
    subscriptionId: z.exactOptional(idSchema),
    memberId: z.exactOptional(idSchema),
  }),
  find: z.strictObject({ kind: z.exactOptional(z.enum(hitKinds)), limit: z.exactOptional(z.number().int().min(1).max(50)) }),
  text: z.string().max(400, 'must be at most 400 characters'),
  span: z.strictObject({
    from: timeSchema,
    to: timeSchema,
    utcOffsetHours: z.exactOptional(z.number().int().min(-12).max(14)),
    account: z.exactOptional(idSchema),
  }),
};
