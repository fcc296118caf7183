import type { LedgerError } from '@paidonce/ledger';
import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { addressOf, checkKeyMayGoTo, isAtStripe } from './api-address.ts';

const live = 'sk_live_4eC39HqLyjWDarjtT1zdp7dc';
const restricted = 'rk_live_4eC39HqLyjWDarjtT1zdp7dc';
const testKey = 'sk_test_4eC39HqLyjWDarjtT1zdp7dc';

function refusal(key: string | undefined, base: string, trusted?: string): string | undefined {
  const { protocol, hostname } = new URL(base);
  const address = { host: hostname, protocol: protocol.replace(':', ''), ...(key === undefined ? {} : { key }) };
  try {
    checkKeyMayGoTo(address, trusted, 'say so');
    return undefined;
  } catch (error) {
    expect((error as LedgerError).code).toBe('invalid_input');
    expect((error as Error).message).not.toContain(key ?? '4eC39');
    return (error as Error).message;
  }
}

describe('where a key may go', () => {
  // biome-ignore format: a table
  test.each([
    // key        address                       trusted           what is refused
    [live,        'https://api.stripe.com',     undefined,        undefined],
    [testKey,     'https://api.stripe.com',     undefined,        undefined],
    [undefined,   'https://api.stripe.com',     undefined,        undefined],
    [live,        'http://api.stripe.com',      undefined,        'plain http'],
    [live,        'http://api.stripe.com',      'api.stripe.com', 'plain http'],
    [live,        'https://api.stripe.com.evil.example', undefined, 'live key'],
    [live,        'http://127.0.0.1:12111',     undefined,        'live key'],
    [live,        'http://127.0.0.1:12111',     '127.0.0.1',      undefined],
    [live,        'https://proxy.internal',     undefined,        'live key'],
    [restricted,  'https://proxy.internal',     undefined,        'live key'],
    [live,        'https://proxy.internal',     'other.internal', 'live key'],
    [live,        'https://proxy.internal',     'proxy.internal', undefined],
    [live,        'http://proxy.internal',      'proxy.internal', 'plain http'],
    [undefined,   'https://proxy.internal',     undefined,        'live key'],
    [testKey,     'https://proxy.internal',     undefined,        undefined],
    [testKey,     'http://proxy.internal',      undefined,        'plain http'],
    [testKey,     'http://proxy.internal',      'proxy.internal', undefined],
    [testKey,     'http://127.0.0.1:12111',     undefined,        undefined],
    [testKey,     'http://127.9.9.9',           undefined,        undefined],
    [testKey,     'http://localhost:12111',     undefined,        undefined],
    [testKey,     'http://[::1]:12111',         undefined,        undefined],
    [testKey,     'http://127.0.0.1.evil.example', undefined,     'plain http'],
    [testKey,     'http://localhost.evil.example', undefined,     'plain http'],
  ])('%s to %s, trusting %s', (key, base, trusted, refused) => {
    const message = refusal(key, base, trusted);
    if (refused === undefined) expect(message).toBeUndefined();
    else expect(message).toContain(refused);
  });
});

describe('the address of a client', () => {
  test('is read from the SDK', () => {
    expect(addressOf(new Stripe(live))).toEqual({ host: 'api.stripe.com', protocol: 'https', key: live });
    expect(isAtStripe(addressOf(new Stripe(live)))).toBe(true);
    const proxied = addressOf(new Stripe(testKey, { host: 'h', port: 1, protocol: 'http' }));
    expect(proxied).toEqual({ host: 'h', protocol: 'http', key: testKey });
    expect(isAtStripe(proxied)).toBe(false);
  });
});
