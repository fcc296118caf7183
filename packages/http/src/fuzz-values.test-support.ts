// What stands in the requests of the fuzz, from a seed: odd texts, headers, and bodies that are nearly events.
import { createHmac } from 'node:crypto';

export type Random = () => number;

export interface FuzzRequest {
  /** `console`: somebody who is not signed in. `operator` may do everything, `reader` may only look. */
  readonly kind: 'webhook' | 'status' | 'console' | 'operator' | 'reader' | 'raw';
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
  /** The route of the console that was drawn: `GET orders/:orderId`. Its path may have been spoilt. */
  readonly route?: string;
  /** Only for `raw`: what is written to the socket as it is. */
  readonly bytes?: Buffer;
}

/** Numbers in [0, 1) from a seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const pick = <T>(random: Random, choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
export const whole = (random: Random, below: number): number => Math.floor(random() * below);
const some = (random: Random, most: number, one: () => string): string => Array.from({ length: whole(random, most + 1) }, one).join('');
export const bytesOf = (random: Random, most: number): Buffer =>
  Buffer.from(Array.from({ length: whole(random, most + 1) }, () => whole(random, 256)));

/** A text with what breaks parsers: separators, escapes, quotes, markup, letters of more than one byte. */
export function oddText(random: Random, most = 24): string {
  const pieces = [
    '=',
    ',',
    ';',
    ':',
    '/',
    '..',
    '%',
    '%00',
    '%2f',
    '%ff',
    '"',
    "'",
    '<b>',
    '{',
    '}',
    '[',
    ']',
    '\\',
    '$&',
    '__proto__',
    'é',
    '0',
    'x',
  ];
  return some(random, most, () => pick(random, pieces));
}

export const hex = (random: Random, length: number): string => Array.from({ length }, () => whole(random, 16).toString(16)).join('');

/** What may stand in a path. `http.request` takes no other characters; `raw` sends those. */
export const inPath = (random: Random): string =>
  pick(random, [
    () => encodeURIComponent(oddText(random)),
    () => oddText(random, 8).replaceAll(/[^!-~]/g, '%e9'),
    () => `cs_test_${hex(random, 40)}`,
    () => `pi_${hex(random, 200)}`,
    () => '%',
    () => '%c3%28',
    () => '../'.repeat(whole(random, 8)),
    () => 'a'.repeat(whole(random, 3_000)),
    () => '%00%0d%0aset-cookie:a',
  ])();

/** Something that a page may take, nearly that, or nothing of the kind. */
export function anyValue(
  random: Random,
  { values, cursors }: { readonly values: readonly string[]; readonly cursors: readonly string[] },
): string {
  return pick(random, [
    () => pick(random, values),
    () => pick(random, values),
    () => pick(random, cursors),
    () => spoilt(random, pick(random, cursors)),
    () => spoilt(random, pick(random, values)),
    () => oddText(random),
    () => String(whole(random, 2_000) - 500),
    () => 'x'.repeat(whole(random, 3_000)),
    () => unknownId(random),
  ])();
}

/** An id as Stripe makes them, which nothing has. */
export const unknownId = (random: Random): string =>
  `${pick(random, ['pi', 'cs', 'cs_test', 'ch', 're', 'du', 'sub', 'in', 'inpay', 'cn', 'evt'])}_${hex(random, 24)}`;

/** With one place changed. */
function spoilt(random: Random, text: string): string {
  const at = whole(random, text.length + 1);
  return text.slice(0, at) + oddText(random, 2) + text.slice(at + whole(random, 2));
}

/** A browser sends such headers, or a client of the console, or neither. */
export function consoleHeaders(random: Random, authorization: string): Readonly<Record<string, string>> {
  const cookie = pick(random, ['paidonce_lang=zh-TW', 'paidonce_tz=Asia/Taipei', `paidonce_tz=${oddText(random, 4)}`, oddText(random, 6)]);
  return {
    authorization,
    accept: pick(random, ['text/html', 'text/html', 'application/json', oddText(random, 3)]),
    ...(random() < 0.3 ? { cookie } : {}),
    ...(random() < 0.3 ? { 'accept-language': pick(random, ['zh-TW', 'zh-CN,en;q=0.5', 'x;q=9', oddText(random, 6)]) } : {}),
  };
}

/** A signature header: of another secret, of another time, cut, doubled, empty, or nothing of the kind. */
export function signatureHeader(random: Random, body: Buffer): string {
  const now = Math.floor(Date.now() / 1_000);
  const time = pick(random, [String(now), String(now - 400), String(now + 400), '', '0', '-1', 'NaN', '1e99', '9'.repeat(40)]);
  const real = createHmac('sha256', 'whsec_of_somebody_else').update(`${time}.`).update(body).digest('hex');
  const value = (): string =>
    pick(random, [
      real,
      real.slice(0, whole(random, 64)),
      hex(random, 64),
      '',
      'é'.repeat(64),
      'z'.repeat(64),
      real.toUpperCase(),
      `${real}0`,
      oddText(random),
    ]);
  const part = (): string => {
    const name = pick(random, ['v1', 'v1', 'v1', 'v0', 't', 'V1', '', oddText(random, 3)]);
    return pick(random, [`${name}=${value()}`, `${name}=`, name, `${name}==${value()}`, ` ${name} = ${value()}`]);
  };
  const parts = Array.from({ length: whole(random, random() < 0.02 ? 120 : 6) }, part);
  return (
    [...(random() < 0.8 ? [`t=${time}`] : []), ...parts].join(pick(random, [',', ',', ',', ', ', ';'])) || pick(random, ['', ' ', ','])
  );
}

const types = ['checkout.session.completed', 'payment_intent.succeeded', 'charge.refunded', 'v1.checkout.session.completed', '', 'a b'];

/** JSON of an event, or nearly. */
export function eventBody(random: Random): Buffer {
  const odd = (): unknown =>
    pick<unknown>(random, [
      null,
      true,
      0,
      -1,
      1e308,
      '',
      oddText(random),
      [],
      {},
      [[]],
      { toString: 1 },
      { __proto__: null, constructor: {} },
      'cs_test_1',
    ]);
  const object = {
    ...{ id: odd(), object: pick<unknown>(random, ['checkout.session', 'payment_intent', 'refund', 'dispute', odd()]) },
    ...{
      status: odd(),
      amount: odd(),
      payment_intent: odd(),
      metadata: pick<unknown>(random, [odd(), { paidonce: 'paidonce', paidonce_order: 'order-1' }]),
    },
  };
  const event = {
    ...{ id: pick<unknown>(random, [`evt_${hex(random, 8)}`, odd()]), object: pick<unknown>(random, ['event', 'v2.core.event', odd()]) },
    ...{
      type: pick<unknown>(random, [...types, odd()]),
      created: pick<unknown>(random, [1_800_000_000, odd()]),
      livemode: pick<unknown>(random, [true, false, odd()]),
    },
    ...{ data: pick<unknown>(random, [{ object }, odd()]), related_object: odd(), api_version: odd(), context: odd(), account: odd() },
  };
  const text = JSON.stringify(event);
  const depth = whole(random, 6_000);
  return pick(random, [
    () => Buffer.from(text),
    () => Buffer.from(text),
    () => Buffer.from(text.slice(0, whole(random, text.length))),
    () => Buffer.concat([Buffer.from(text.slice(0, whole(random, text.length))), bytesOf(random, 16)]),
    () => Buffer.from('['.repeat(depth) + ']'.repeat(depth)),
    () => Buffer.from(text.replace('"data":', `"deep":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)},"data":`)),
    () => bytesOf(random, 200),
    () => Buffer.from(oddText(random, 60)),
    () => Buffer.alloc(whole(random, 40_000), 0x20),
    () => Buffer.alloc(0),
  ])();
}
