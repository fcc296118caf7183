import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventReader } from './event-versions.ts';

type Noted = { readonly type: 'Noted'; readonly data: { readonly a: number; readonly b?: string } };

const first = z.strictObject({ a: z.number() });
const second = z.strictObject({ a: z.number(), b: z.exactOptional(z.string()) });
const stored = (data: object, version: number) => ({
  stream: 's',
  revision: 0,
  type: 'Noted',
  data,
  metadata: { version: String(version) },
});

describe('a field that was added', () => {
  const older = eventReader<Noted>({ Noted: [first] });
  const newer = eventReader<Noted>({ Noted: [first, second] });

  test('raises the version of the events that have it, and of no other', () => {
    expect(newer.versionOf({ type: 'Noted', data: { a: 1 } })).toBe(1);
    expect(newer.versionOf({ type: 'Noted', data: { a: 1, b: 'x' } })).toBe(2);
  });

  test('stops an older release only at the events that have it', () => {
    expect(older.read(stored({ a: 1 }, 1))).toEqual({ type: 'Noted', data: { a: 1 } });
    expect(() => older.read(stored({ a: 1, b: 'x' }, 2))).toThrow(/was written by a newer release/);
    expect(newer.read(stored({ a: 1 }, 1))).toEqual({ type: 'Noted', data: { a: 1 } });
  });
});

describe('a shape that was changed', () => {
  const third = z.strictObject({ a: z.number(), b: z.string() });
  const named = eventReader<{ type: 'Noted'; data: { a: number; b: string } }>(
    { Noted: [first, second, third] },
    {
      Noted: {
        1: (data) => ({ ...(data as object), b: 'from 1' }),
        2: (data) => ({ b: 'from 2', ...(data as object) }),
      },
    },
  );

  test('is lifted step by step, each on what the step before made', () => {
    expect(named.read(stored({ a: 1 }, 1)).data).toEqual({ a: 1, b: 'from 1' });
    expect(named.read(stored({ a: 1 }, 2)).data).toEqual({ a: 1, b: 'from 2' });
    expect(named.read(stored({ a: 1, b: 'x' }, 3)).data).toEqual({ a: 1, b: 'x' });
  });

  test('is corrupt where it was not lifted', () => {
    expect(() => eventReader<Noted>({ Noted: [first, third] }).read(stored({ a: 1 }, 1))).toThrow(/is not what version 1 looks like/);
  });
});
