// Checks the Dockerfile and the compose file without Docker: they agree with each other, and with what the code reads and serves.
import { existsSync, readFileSync } from 'node:fs';
import { paymentLedgerPlugin } from '@paidonce/http';
import { createPaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { stripePayments } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import Stripe from 'stripe';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { readSettings } from './settings.ts';

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly string[];
  readonly volumes: readonly string[];
}

const given: Readonly<Record<string, string>> = {
  SHOP_URL: 'https://shop.example',
  SHOP_PASSWORD: 'password-of-the-shop',
  POSTGRES_PASSWORD: 'another',
  STRIPE_SECRET_KEY: 'sk_test_1',
  STRIPE_WEBHOOK_SECRET: 'whsec_1',
  OPERATOR_PASSWORD: 'x9-Jolly-Walrus',
};
const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const text = read('compose.yaml');
const asked = [...text.matchAll(/\$\{(\w+):\?is not set, see the head of this file\}/g)].map(([, name = '']) => name);
const compose = parse(text.replaceAll(/\$\{(\w+):\?[^}]+\}/g, (_, name: string) => given[name] ?? '')) as {
  readonly services: { readonly shop: Service; readonly postgres: Service };
  readonly volumes: object;
};
const { shop, postgres } = compose.services;
const dockerfile = read('Dockerfile').replaceAll('\\\n', ' ').split('\n');
/** Returns the instructions of the stage that runs, without comments. */
const stages = dockerfile
  .filter((line) => /^[A-Z]/.test(line))
  .join('\n')
  .split(/^(?=FROM )/m);
const [build = '', runs = ''] = stages;

describe('the Dockerfile', () => {
  test('has two stages on the slim image of Node 24, and installs what the shop needs to run', () => {
    expect(stages.map((stage) => stage.split('\n')[0])).toEqual(['FROM node:24-slim AS build', 'FROM node:24-slim']);
    expect(build).toMatch(/^RUN npm ci --omit=dev --omit=optional /m);
    expect(runs).toContain('COPY --from=build /app ./');
    expect(runs).not.toMatch(/npm|^COPY \./m);
  });

  test('runs Node itself, as a user without rights, and is stopped by the signal that the shop handles', () => {
    expect(runs).toMatch(/^USER node$/m);
    const [, command = ''] = /^CMD (\[.*\])$/m.exec(runs) ?? [];
    const [program, condition, main] = JSON.parse(command) as string[];
    expect([program, condition, existsSync(new URL(`../../${main}`, import.meta.url))]).toEqual([
      'node',
      '--conditions=@paidonce/source',
      true,
    ]);
    expect(runs).toMatch(/^STOPSIGNAL SIGTERM$/m);
    expect(read('main.ts')).toContain("closeOn(['SIGINT', 'SIGTERM']");
  });

  test('keeps data in a folder that is a volume, of that user', () => {
    expect(runs).toMatch(/^VOLUME \/data$/m);
    expect(runs).toMatch(/^RUN mkdir \/data && chown node:node \/data$/m);
    expect(readSettings({ DATA_DIR: /^ENV DATA_DIR=(.+)$/m.exec(runs)?.[1] }).dataDir).toBe('/data');
  });

  test('asks the path that says whether the shop is ready, and the shop serves it', async () => {
    const [, path = ''] = /^HEALTHCHECK .*\+ '(\/[\w/]+)'/m.exec(runs) ?? [];
    const app = Fastify();
    onTestFinished(() => app.close());
    const ledger = createPaymentLedger({ eventStore: openMemoryEventStore(), background: false });
    const payments = stripePayments({ ledger, stripe: new Stripe('sk_test_1'), webhookSecrets: ['whsec_1'], poll: false });
    await app.register(paymentLedgerPlugin, { payments });
    expect([path, (await app.inject(path)).statusCode]).toEqual(['/health/ready', 200]);
  });

  test('no secret, database or Git history is sent to the build', () => {
    const ignored = read('Dockerfile.dockerignore').trim().split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['**/node_modules', '**/data', '**/*.db*', '**/.env*', '.git']));
    expect(dockerfile.join('\n')).not.toMatch(/sk_(?:test|live)_|whsec_/);
  });
});

describe('compose.yaml', () => {
  test('builds that file, and gives the shop settings that it takes: Stripe itself, and the ledger in PostgreSQL', () => {
    expect(shop.build).toEqual({ context: '../..', dockerfile: 'examples/shop/Dockerfile' });
    expect(readSettings({ ...shop.environment, DATA_DIR: '/data' })).toMatchObject({
      port: 3020,
      dataDir: '/data',
      ledgerUrl: 'postgres://shop:password-of-the-shop@postgres:5432/shop',
      behind: { host: '0.0.0.0', url: 'https://shop.example', proxies: ['172.30.242.1'] },
      stripe: { secretKey: 'sk_test_1', webhookSecret: 'whsec_1' },
    });
  });

  test('every secret that is not set is refused by Compose, and named at the head of the file', () => {
    expect([...new Set(asked)].toSorted()).toEqual(Object.keys(given).toSorted());
    expect(text).not.toMatch(/\$\{\w+\}/);
    const head = text.slice(0, text.indexOf('services:'));
    for (const name of asked) expect(head).toContain(`${name}=`);
  });

  test('the shop starts once the database answers, and each keeps its data in a volume of its own', () => {
    expect(shop.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
    expect(postgres.healthcheck?.test).toContain('pg_isready');
    expect(shop.volumes).toEqual(['shop-data:/data']);
    expect(postgres.volumes).toContain('postgres-data:/var/lib/postgresql');
    expect(Object.keys(compose.volumes)).toEqual(['shop-data', 'postgres-data']);
    const [, script = ''] = /^(\S+):\/docker-entrypoint-initdb\.d/.exec(postgres.volumes[0] ?? '') ?? [];
    expect(read(script)).toContain('create role shop');
  });

  test('nothing is published beyond this machine, and the database not at all', () => {
    expect(shop.ports).toEqual(['127.0.0.1:3020:3020']);
    expect(postgres.ports).toBeUndefined();
  });
});
