import { readFileSync } from 'node:fs';
import { paymentLedgerPlugin } from '@paidonce/http';
import { createPaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { stripePayments } from '@paidonce/stripe-adapter';
import Fastify, { type FastifyInstance } from 'fastify';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readSettings } from '../shop/settings.ts';

// Checks the file without Docker: it must agree with the README, and with what the code reads and serves.
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

/** As Compose puts it into the file. */
const SANDBOX_SECRET = 'whsec_sandbox_of_this_test';
const fileText = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const filled = fileText('compose.yaml').replaceAll(/\$\{SANDBOX_SECRET:\?[^}]+\}/g, SANDBOX_SECRET);
const compose = parse(filled, { merge: true }) as Compose;
const caddyfile = fileText('Caddyfile');
const named = (prefix: string): [string, Service][] => Object.entries(compose.services).filter(([name]) => name.startsWith(prefix));
const subnet = compose.networks.cluster.ipam.config[0]?.subnet;
const [nodes, shops] = [named('kurrentdb-'), named('shop-')];

describe('the event store', () => {
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
    expect(fileText('compose.yaml')).not.toMatch(/INSECURE|tls=false/i);
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

test('a secret that is not set is refused by Compose, and named', () => {
  expect(fileText('compose.yaml').match(/\$\{SANDBOX_SECRET:\?[^}]+\}/g)).toHaveLength(2);
  expect(fileText('compose.yaml')).not.toContain('whsec_sandbox\n');
});

describe('the shop', () => {
  test('is three replicas whose settings it takes: one ledger on all nodes, one sandbox, one address', () => {
    expect(shops.map(([name]) => name)).toEqual(['shop-1', 'shop-2', 'shop-3']);
    for (const [, { environment = {}, volumes }] of shops) {
      expect(readSettings(environment)).toMatchObject({
        port: 3020,
        ledgerUrl: expect.stringMatching(
          /^esdb:\/\/admin:[^@]+@kurrentdb-1:2113,kurrentdb-2:2113,kurrentdb-3:2113\?tlsCAFile=\/certs\/ca\/ca\.crt$/,
        ),
        behind: { host: '0.0.0.0', url: 'http://127.0.0.1:3020', proxies: [subnet] },
        sandbox: { apiUrl: 'http://load-balancer:3022', pagesUrl: 'http://127.0.0.1:3021', webhookSecret: SANDBOX_SECRET },
        dataDir: '/data',
      });
      expect(volumes).toEqual(['shop-data:/data', 'certificates:/certs:ro']);
    }
  });

  test('gets the webhooks of the sandbox through the load balancer, signed with the secret that it knows', () => {
    const { command = [], network_mode, environment } = compose.services['sandbox'] as Service;
    expect(network_mode).toBe('service:load-balancer'); // It listens on the loopback address.
    expect(command).toContain('--webhook=http://127.0.0.1:3020/webhooks/stripe');
    expect(command).toContain(`--secret=${SANDBOX_SECRET}`);
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

  test('of each replica ask paths that the plugin serves: live for its container, ready for the load balancer', () => {
    for (const [, { healthcheck }] of shops) {
      const [, path = ''] = /127\.0\.0\.1:3020(\/[\w/]+)/.exec(healthcheck?.test.join(' ') ?? '') ?? [];
      expect([path, serves(path)]).toEqual(['/health/live', true]);
    }
    const [, ready = ''] = /health_uri (\S+)/.exec(caddyfile) ?? [];
    expect([ready, serves(ready)]).toEqual(['/health/ready', true]);
    expect(serves('/health/nothing')).toBe(false);
    expect(caddyfile).toContain(`reverse_proxy ${shops.map(([name]) => `${name}:3020`).join(' ')} {`);
  });

  test('of each node are waited for by each replica', () => {
    for (const [, { healthcheck }] of nodes)
      expect(healthcheck?.test.join(' ')).toMatch(/curl .*--cacert \/certs\/ca\/ca\.crt .*\/health\/live/);
    const healthy = Object.fromEntries(nodes.map(([name]) => [name, { condition: 'service_healthy' }]));
    for (const [, { depends_on }] of shops) expect(depends_on).toEqual(healthy);
  });
});

test('every image is pinned, every volume declared, and nothing is published beyond this machine', () => {
  const images = Object.values(compose.services).map(({ image }) => image);
  images.push(/^FROM (\S+)/m.exec(fileText('Dockerfile'))?.[1] ?? '');
  for (const image of images) expect(image).toMatch(/:(?:\d+\.\d+\.\d+(?:-[a-z-]+)?|example)$/);
  const used = Object.values(compose.services).flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0] ?? ''));
  expect([...new Set(used.filter((name) => !name.startsWith('.')))].toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
  const ports = Object.values(compose.services).flatMap(({ ports: published = [] }) => published);
  expect(ports).toEqual(['127.0.0.1:3020:3020', '127.0.0.1:3021:3022']);
});
