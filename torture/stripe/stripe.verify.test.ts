// What a shop has of `stripe` and `fastify`: our packed packages beside each major of the SDK from 17 on, and beside the ends of
// what the plugin takes of Fastify. `npm run verify` plays 17, 20 and 23; `npm run torture -- --stripe N` plays all, N times.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Played } from './consumer/purchases.mts';
import { openFolders, type Shop } from './folders.ts';

const { TEST_STRIPE_PLAYS } = process.env;
const majors = TEST_STRIPE_PLAYS === undefined ? [17, 20, 23] : [17, 18, 19, 20, 21, 22, 23];
const plays = Number(TEST_STRIPE_PLAYS ?? 1);
/** The version that each major pins, so that its creations are read in it. */
const pinned: Readonly<Record<number, RegExp>> = {
  17: /\.acacia$/,
  18: /\.basil$/,
  19: /\.clover$/,
  20: /\.clover$/,
  21: /\.dahlia$/,
  22: /\.dahlia$/,
  23: /\.endive$/,
};

const opened = openFolders();
const folders = typeof opened === 'string' ? undefined : opened;
if (typeof opened === 'string') console.warn(`\n  SKIPPED: our packages beside other majors of stripe and fastify: ${opened}.\n`);
afterAll(() => folders?.[Symbol.dispose]());

describe.skipIf(!folders).each(majors)('stripe %i', (major) => {
  let shop: Shop;
  beforeAll(() => {
    shop = folders!.shopWith(`stripe@^${major}`);
  });

  test('fits the types of a shop, as an ES module and in CommonJS, without skipLibCheck', () => {
    expect(shop.installed('stripe')).toMatch(new RegExp(`^${major}\\.`));
    expect(shop.typeCheck('types.mts', 'types.cts')).toBe('');
  });

  test.each(['play-esm.mjs', 'play-commonjs.cjs'])('a purchase by webhook, by status query and by poll: %s', (file) => {
    for (let time = 0; time < plays; time++) {
      const { sdk, deliveries, grantedBy, forged, versions, doctor } = shop.run(file) as Played;
      expect(sdk).toBe(shop.installed('stripe'));
      expect(grantedBy).toEqual({
        'by-webhook': 'webhook',
        'by-status': 'status_query',
        'on-own-page': 'status_query',
        'by-intent': 'status_query',
        'by-poll': 'poll',
      });
      expect(deliveries.toSorted()).toEqual([...Object.keys(grantedBy).map((id) => `${id} active`), 'by-status revoked'].toSorted());
      expect(forged).toEqual(['bad_signature', 'bad_signature', 'bad_signature']);
      expect(versions.creations).toEqual([expect.stringMatching(pinned[major]!)]);
      expect(versions.others).toEqual(['2026-10-28.endive']);
      expect(versions.requests).toBeGreaterThan(20);
      expect(doctor.lines.filter((line) => !line.startsWith('good'))).toEqual([]);
      expect(doctor.code).toBe(0);
    }
  });

  test('is named by --version', () => {
    expect(shop.command('paidonce-stripe', '--version')).toContain(`stripe ${shop.installed('stripe')}, API version 2026-10-28.endive`);
  });
});

describe.skipIf(!folders).each(['fastify@5.0.0', 'fastify@^5'])('%s', (version) => {
  let shop: Shop;
  beforeAll(() => {
    shop = folders!.shopWith(version);
  });

  test('fits the types of a host, as an ES module and in CommonJS, without skipLibCheck', () => {
    expect(shop.typeCheck('host.mts', 'host.cts')).toBe('');
  });

  test('a webhook grants, the status query and the console answer', () => {
    expect(shop.run('host.mts')).toEqual({
      fastify: shop.installed('fastify'),
      forged: 400,
      status: { state: 'active', stale: false },
      limited: 429,
      ready: 200,
      stranger: 401,
      console: 200,
      order: 200,
      metrics: expect.stringContaining('paidonce_webhooks_total{outcome="bad_signature"} 1'),
    });
  });
});
