import { readFileSync } from 'node:fs';
import { paymentLedgerPlugin } from '@paidonce/http';
import { createPaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { openEventStore } from '@paidonce/ledger/store-url';
import { findBinaries, startPostgres } from '@paidonce/ledger/testing/postgres-server';
import { stripePayments } from '@paidonce/stripe-adapter';
import Fastify, { type FastifyInstance } from 'fastify';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { readSettings } from '../shop/settings.ts';

// Checks the files without Docker: they must agree with the README, and with what the code reads and serves.
interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: { readonly cluster: { readonly ipv4_address: string } };
  readonly network_mode?: string;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks: { readonly cluster: { readonly ipam: { readonly config: readonly { readonly subnet: string }[] } } };
}

/** As Compose puts them into the files. */
const secrets = { SANDBOX_SECRET: 'whsec_sandbox_of_this_test', SHOP_PASSWORD: 'password-of-the-shop', POSTGRES_PASSWORD: 'another' };
const fileText = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const caddyfile = fileText('Caddyfile');

function open(file: string) {
  const text = fileText(file);
  const filled = text.replaceAll(/\$\{(\w+):\?[^}]+\}/g, (_, name: keyof typeof secrets) => secrets[name]);
  const compose = parse(filled, { merge: true }) as Compose;
  const named = (prefix: string): [string, Service][] => Object.entries(compose.services).filter(([name]) => name.startsWith(prefix));
  return { file, text, compose, shops: named('shop-'), nodes: named('kurrentdb-') };
}

const onKurrentDB = open('compose.yaml');
const onPostgres = open('compose.postgres.yaml');
const both = [onKurrentDB, onPostgres];
const { compose, nodes } = onKurrentDB;
const ledgers: Readonly<Record<string, RegExp>> = {
  'compose.yaml': /^esdb:\/\/admin:[^@]+@kurrentdb-1:2113,kurrentdb-2:2113,kurrentdb-3:2113\?tlsCAFile=\/certs\/ca\/ca\.crt$/,
  'compose.postgres.yaml': /^postgres:\/\/shop:password-of-the-shop@postgres:5432\/shop$/,
};

describe('the cluster of KurrentDB', () => {
  test('is three nodes, each with an address, a certificate and data of its own, that know of each other', () => {
    expect(nodes.map(([name]) => name)).toEqual(['kurrentdb-1', 'kurrentdb-2', 'kurrentdb-3']);
    const addresses = nodes.map(([, { networks }]) => networks?.cluster.ipv4_address);
    for (const [index, [name, { environment = {}, volumes }]] of nodes.entries()) {
      const seeds = addresses.filter((_, other) => other !== index).map((address) => `${address}:2113`);
      expect(environment).toMatchObject({
        KURRENTDB_CLUSTER_SIZE: '3',
        KURRENTDB_REPLICATION_IP: addresses[index],
        KURRENTDB_GOSSIP_SEED: seeds.join(','),
        KURRENTDB_ADVERTISE_HOST_TO_CLIENT_AS: name,
        KURRENTDB_CERTIFICATE_FILE: `/certs/node${index + 1}/node.crt`,
        KURRENTDB_CERTIFICATE_PRIVATE_KEY_FILE: `/certs/node${index + 1}/node.key`,
      });
      expect(volumes).toContain(`${name}:/var/lib/kurrentdb`);
    }
    expect(new Set(addresses).size).toBe(3);
  });

  test('speaks TLS only, with certificates that are made once, before it starts', () => {
    expect(onKurrentDB.text).not.toMatch(/INSECURE|tls=false/i);
    for (const [, { depends_on, volumes, environment }] of nodes) {
      expect(depends_on).toEqual({ certificates: { condition: 'service_completed_successfully' } });
      expect(environment).toMatchObject({ KURRENTDB_TRUSTED_ROOT_CERTIFICATES_PATH: '/certs/ca' });
      expect(volumes).toContain('certificates:/certs:ro');
    }
    expect(compose.services['certificates']?.command?.join(' ')).toMatch(
      /create-ca .*create-node -out \.\/node\$\$node .*172\.30\.240\.1\$\$node -dns-names localhost,kurrentdb-\$\$node/,
    );
  });
});

describe('the server of PostgreSQL', () => {
  const { environment = {}, volumes, healthcheck } = onPostgres.compose.services['postgres'] as Service;

  test('keeps its data in a volume, and is waited for by each replica', () => {
    expect(volumes).toContain('postgres-data:/var/lib/postgresql');
    expect(healthcheck?.test).toEqual(['CMD', 'pg_isready', '--host=127.0.0.1', '--username=shop', '--dbname=shop']);
    for (const [, { depends_on }] of onPostgres.shops) expect(depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
  });

  test('has a role for the shop, which is no administrator, and with which the replicas open the store', async ({ skip }) => {
    const [, script = ''] = volumes?.[0]?.match(/^\.\/(\S+):\/docker-entrypoint-initdb\.d\/\S+\.sql:ro$/) ?? [];
    const [comment, ...statements] = fileText(script).split(/^(?:\\getenv password SHOP_PASSWORD|)\n/m);
    expect(comment).toMatch(/^-- /);
    if (!findBinaries()) {
      console.warn('SKIPPED: the role of the shop. There is no PostgreSQL on this machine. Run npm ci, or install postgresql');
      skip();
    }
    const server = await startPostgres();
    onTestFinished(() => server.remove());
    for (const statement of statements
      .join('')
      .split(/(?<=;)\n/)
      .filter((line) => line !== ''))
      await server.query(statement.replace(":'password'", `'${environment['SHOP_PASSWORD']}'`));
    const url = onPostgres.shops[0]?.[1].environment?.['LEDGER_URL']?.replace('postgres:5432', `127.0.0.1:${server.port}`) ?? '';
    const store = await openEventStore(url);
    onTestFinished(() => store.close());
    const event = { id: crypto.randomUUID(), type: 'Noted', data: {}, metadata: {} };
    expect(await store.append('order-1', -1, [event])).toMatchObject({ appended: true });
    expect(await server.query("select rolsuper from pg_roles where rolname = 'shop'")).toEqual([{ rolsuper: false }]);
  });
});

test('a secret that is not set is refused by Compose, and named', () => {
  const asked = (text: string): readonly string[] =>
    [...text.matchAll(/\$\{(\w+):\?is not set, see README\.md\}/g)].map(([, name]) => name ?? '');
  expect(asked(onKurrentDB.text)).toEqual(['SANDBOX_SECRET', 'SANDBOX_SECRET']);
  expect(asked(onPostgres.text)).toEqual(['SHOP_PASSWORD', 'SANDBOX_SECRET', 'POSTGRES_PASSWORD', 'SHOP_PASSWORD', 'SANDBOX_SECRET']);
  for (const { text } of both) {
    expect(text).not.toMatch(/\$\{\w+\}|whsec_sandbox\n/);
    for (const name of asked(text)) expect(fileText('README.md')).toContain(`export ${name}=`);
  }
});

describe.each(both)('the shop of $file', ({ file, compose, shops }) => {
  test('is three replicas whose settings it takes: one ledger, one sandbox, one address', () => {
    expect(shops.map(([name]) => name)).toEqual(['shop-1', 'shop-2', 'shop-3']);
    const subnet = compose.networks.cluster.ipam.config[0]?.subnet;
    for (const [, { environment = {}, volumes }] of shops) {
      expect(readSettings(environment)).toMatchObject({
        port: 3020,
        ledgerUrl: expect.stringMatching(ledgers[file] as RegExp),
        behind: { host: '0.0.0.0', url: 'http://127.0.0.1:3020', proxies: [subnet] },
        sandbox: {
          apiUrl: 'http://load-balancer:3022',
          pagesUrl: 'http://127.0.0.1:3021',
          webhookSecret: secrets.SANDBOX_SECRET,
        },
        dataDir: '/data',
      });
      expect(volumes).toContain('shop-data:/data');
    }
  });

  test('gets the webhooks of the sandbox through the load balancer, signed with the secret that it knows', () => {
    const { command = [], network_mode, environment } = compose.services['sandbox'] as Service;
    expect(network_mode).toBe('service:load-balancer'); // It listens on the loopback address.
    expect(command).toContain('--webhook=http://127.0.0.1:3020/webhooks/stripe');
    expect(command).toContain(`--secret=${secrets.SANDBOX_SECRET}`);
    expect(environment).toEqual({ SANDBOX_HOSTS: 'load-balancer' });
    expect(command).toContain('--port=3021');
    expect(caddyfile).toMatch(/:3022 \{\s+reverse_proxy 127\.0\.0\.1:3021\s/);
  });
});

describe('probes', () => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = Fastify();
    const ledger = createPaymentLedger({ eventStore: openMemoryEventStore(), background: false });
    const payments = stripePayments({ ledger, stripe: new Stripe('sk_test_1'), webhookSecrets: ['whsec_1'], poll: false });
    await app.register(paymentLedgerPlugin, { payments });
  });
  afterAll(() => app.close());
  const serves = (url: string): boolean => app.hasRoute({ method: 'GET', url });

  test.each(both)(
    'of each replica of $file ask paths that the plugin serves: live for its container, ready for the load balancer',
    ({ shops }) => {
      for (const [, { healthcheck }] of shops) {
        const [, path = ''] = /127\.0\.0\.1:3020(\/[\w/]+)/.exec(healthcheck?.test.join(' ') ?? '') ?? [];
        expect([path, serves(path)]).toEqual(['/health/live', true]);
      }
      const [, ready = ''] = /health_uri (\S+)/.exec(caddyfile) ?? [];
      expect([ready, serves(ready)]).toEqual(['/health/ready', true]);
      expect(serves('/health/nothing')).toBe(false);
      expect(caddyfile).toContain(`reverse_proxy ${shops.map(([name]) => `${name}:3020`).join(' ')} {`);
    },
  );

  test('of each node are waited for by each replica', () => {
    for (const [, { healthcheck }] of nodes)
      expect(healthcheck?.test.join(' ')).toMatch(/curl .*--cacert \/certs\/ca\/ca\.crt .*\/health\/live/);
    const healthy = Object.fromEntries(nodes.map(([name]) => [name, { condition: 'service_healthy' }]));
    for (const [, { depends_on }] of onKurrentDB.shops) expect(depends_on).toEqual(healthy);
  });
});

test.each(both)('of $file every image is pinned, every volume declared, and nothing is published beyond this machine', ({ compose }) => {
  const images = Object.values(compose.services).map(({ image }) => image);
  images.push(/^FROM (\S+)/m.exec(fileText('Dockerfile'))?.[1] ?? '');
  for (const image of images) expect(image).toMatch(/:(?:\d+\.\d+(?:\.\d+)?(?:-[a-z-]+)?|example)$/);
  const used = Object.values(compose.services).flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0] ?? ''));
  expect([...new Set(used.filter((name) => !name.startsWith('.')))].toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
  const ports = Object.values(compose.services).flatMap(({ ports: published = [] }) => published);
  expect(ports).toEqual(['127.0.0.1:3020:3020', '127.0.0.1:3021:3022']);
});
