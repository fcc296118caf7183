// Stripe's bracket form: what it reads, and what it refuses.
import { describe, expect, test } from 'vitest';
import { canonicalForm, type FormMap, parseForm } from './form.ts';
import { Parameters } from './parameters.ts';

/** Maps as plain objects, to compare them. */
function plain(map: FormMap): object {
  return Object.fromEntries([...map].map(([key, node]) => [key, typeof node === 'string' ? node : plain(node)]));
}

describe('reading a form', () => {
  test.each([
    ['', {}],
    ['a=1&b=', { a: '1', b: '' }],
    ['a', { a: '' }],
    ['a=x=y&&b=2', { a: 'x=y', b: '2' }],
    ['name=A+B%26C%2B%E2%82%AC', { name: 'A B&C+€' }],
    [
      'line_items[0][price_data][unit_amount]=5&line_items[0][quantity]=2',
      { line_items: { 0: { price_data: { unit_amount: '5' }, quantity: '2' } } },
    ],
    ['expand[]=x&expand[]=y.z', { expand: { 0: 'x', 1: 'y.z' } }],
    ['created%5Bgte%5D=17', { created: { gte: '17' } }],
    ['metadata[7]=seven&metadata[a.b]=c', { metadata: { 7: 'seven', 'a.b': 'c' } }],
  ])('%s', (text, value) => {
    expect(plain(parseForm(text))).toEqual(value);
  });

  test('a key called __proto__ is a key', () => {
    const metadata = new Parameters(parseForm('metadata[__proto__]=x')).metadata();
    expect(Object.entries(metadata ?? {})).toEqual([['__proto__', 'x']]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test.each([
    ['a=%ZZ', /broken percent escape/],
    ['a[b=1', /Invalid parameter name/],
    ['a]b=1', /Invalid parameter name/],
    ['[a]=1', /Invalid parameter name/],
    ['a=1&a[b]=2', /used both as a value and as a hash/],
    ['a[b]=2&a=1', /used both as a value and as a hash/],
    [`a${'[b]'.repeat(10)}=1`, /nested too deeply/],
    ['a=1&'.repeat(2_001), /More than 2000 parameters/],
  ])('refuses %s', (text, message) => {
    expect(() => parseForm(text)).toThrow(message);
  });

  test('at its bounds it still reads', () => {
    expect(parseForm(`a${'[b]'.repeat(9)}=1`).size).toBe(1);
    expect(parseForm(Array.from({ length: 2_000 }, (_, i) => `a${i}=1`).join('&')).size).toBe(2_000);
  });
});

describe('the canonical text', () => {
  test('is the same whatever the order, and another for other values', () => {
    expect(canonicalForm(parseForm('b[y]=2&b[x]=1&a=0'))).toBe(canonicalForm(parseForm('a=0&b[x]=1&b[y]=2')));
    expect(canonicalForm(parseForm('a=0'))).not.toBe(canonicalForm(parseForm('a=1')));
    expect(canonicalForm(parseForm('a[b]=0'))).not.toBe(canonicalForm(parseForm('a=b=0')));
  });
});

describe('parameters', () => {
  const read = (text: string): Parameters => new Parameters(parseForm(text));

  test('a list comes in the order of its places', () => {
    expect(read('a[2]=z&a[0]=x&a[1]=y').strings('a')).toEqual(['x', 'y', 'z']);
  });

  test.each(['a[x]=1', 'a=1'])('%s is no list', (text) => {
    expect(() => read(text).strings('a')).toThrow('Invalid array');
  });

  test.each(['1.5', 'x', '1e3', ' 1'])('%s is no integer', (value) => {
    expect(() => read(`n=${value}`).integer('n')).toThrow('Invalid integer');
  });

  test('bounds are named', () => {
    expect(() => read('limit=101').integer('limit', { min: 1, max: 100 })).toThrow('less than or equal to 100');
    expect(() => read('limit=0').integer('limit', { min: 1, max: 100 })).toThrow('greater than or equal to 1');
    expect(read('limit=100').integer('limit', { min: 1, max: 100 })).toBe(100);
  });

  test('metadata has bounds', () => {
    expect(() => read(`metadata[${'k'.repeat(41)}]=1`).metadata()).toThrow('up to 40 characters');
    expect(() => read(`metadata[k]=${'v'.repeat(501)}`).metadata()).toThrow('up to 500 characters');
    expect(() => read(Array.from({ length: 51 }, (_, i) => `metadata[k${i}]=1`).join('&')).metadata()).toThrow('at most 50 keys');
  });

  test('a time or a range', () => {
    expect(read('created=5').range('created')).toEqual({ gte: 5, lte: 5 });
    expect(read('created[gt]=5&created[lte]=9').range('created')).toEqual({ gt: 5, lte: 9 });
    expect(read('').range('created')).toBeUndefined();
  });
});
