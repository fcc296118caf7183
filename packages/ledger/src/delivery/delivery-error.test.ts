// What the log keeps of an error of the shop: a name and a code, bounded, and never what the message says.
import { describe, expect, test } from 'vitest';
import { deliveryErrorOf } from './delivery-error.ts';

class ShopClosed extends Error {}

describe('of what deliver throws the log keeps', () => {
  test.each<readonly [string, unknown, object | undefined]>([
    ['the name', Object.assign(new Error('x'), { name: 'PrismaClientInitializationError' }), { name: 'PrismaClientInitializationError' }],
    ['the name of its class, where it gave itself none', new ShopClosed('for maria@example.com'), { name: 'ShopClosed' }],
    ['a plain error by that', new Error('sk_live_51abc is no key'), { name: 'Error' }],
    [
      'name and code',
      Object.assign(new TypeError('x'), { code: 'ERR_INVALID_ARG_TYPE' }),
      { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' },
    ],
    ['a code that is a number', Object.assign(new Error('x'), { code: 23_505 }), { name: 'Error', code: '23505' }],
    [
      "the code of the driver's error, which an ORM wraps",
      new Error('x', { cause: Object.assign(new Error('y'), { code: '40001' }) }),
      { name: 'Error', code: '40001' },
    ],
    [
      'no more than 64 characters',
      Object.assign(new Error('x'), { name: 'N'.repeat(1_000), code: 'C'.repeat(1_000) }),
      { name: 'N'.repeat(64), code: 'C'.repeat(64) },
    ],
    [
      'no other character',
      Object.assign(new Error('x'), { name: 'Fehler für maria@example.com\n', code: '<script>' }),
      { name: 'Fehler_f_r_maria_example.com_', code: '_script_' },
    ],
    ['nothing of a name without a letter', Object.assign(new Error('x'), { name: '***' }), undefined],
    ['nothing of a text: it is a message', 'cannot reach maria', undefined],
    ['nothing of nothing', undefined, undefined],
    ['nothing of null', null, undefined],
    ['nothing of an object without a prototype', Object.assign(Object.create(null) as object, { name: 'Error' }), undefined],
    [
      'nothing of what throws when it is read',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('no');
          },
        },
      ),
      undefined,
    ],
  ])('%s', (_, thrown, kept) => expect(deliveryErrorOf(thrown)).toEqual(kept));
});
