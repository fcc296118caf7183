// The schema is what the installed package says, and an answer that Stripe could not give is found.
import { expect, test } from 'vitest';
import { problemsOf } from './answer-check.test-support.ts';
import { generateSchema, schemaText } from './stripe-schema.test-support.ts';

test('the schema is of the installed package; after an update: npx vitest run stripe-schema -u', async () => {
  await expect(schemaText(generateSchema(import.meta.dirname))).toMatchFileSnapshot('./stripe-objects.schema.jsonl');
});

const COUPON = {
  id: 'SPRING',
  object: 'coupon',
  amount_off: null,
  created: 1,
  currency: null,
  duration: 'once',
  duration_in_months: null,
  livemode: false,
  max_redemptions: null,
  metadata: {},
  name: null,
  percent_off: 10,
  redeem_by: null,
  times_redeemed: 0,
  valid: true,
};
const { valid: _, ...WITHOUT_VALID } = COUPON;

test('a whole object passes, alone, in a list and in an event', () => {
  expect(problemsOf(COUPON)).toEqual([]);
  expect(problemsOf({ object: 'list', data: [COUPON], has_more: false, url: '/v1/coupons' })).toEqual([]);
  expect(problemsOf(eventOf(COUPON))).toEqual([]);
});

test.each([
  ['a field that the types do not know', { ...COUPON, percentOff: 10 }, /percentOff/],
  ['a missing field', WITHOUT_VALID, /valid/],
  ['text for a number', { ...COUPON, percent_off: '10' }, /percent_off/],
  ['a value that the enum does not have', { ...COUPON, duration: 'never' }, /duration/],
  ['an object that the schema does not have', { object: 'coupn' }, /coupn/],
  ['an answer that is no object', [], /names no object/],
  ['an error of no known type', { error: { type: 'oops', message: 'x' } }, /error\/type/],
  ['a list without its end', { object: 'list', data: [], url: '/v1/coupons' }, /another shape/],
])('%s is found', (_what, value, problem) => {
  expect(problemsOf(value).join()).toMatch(problem);
  if (value !== COUPON && 'object' in value && value.object === 'coupon') expect(problemsOf(eventOf(value)).join()).toMatch(problem);
});

function eventOf(object: object): object {
  const request = { id: null, idempotency_key: null };
  const about = { id: 'evt_1', object: 'event', api_version: null, created: 1, livemode: false, pending_webhooks: 0, request };
  return { ...about, type: 'coupon.created', data: { object } };
}
