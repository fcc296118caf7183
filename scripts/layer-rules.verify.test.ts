// Tests the rules of Biome for the layers and the pure core (biome.json, scripts/pure-core.grit): each rule must refuse a
// snippet that breaks it, at a path where it applies. Biome takes longer to start than to lint, so it lints all snippets at once: those
// of one path stand below one another in its file.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

interface Said {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** Files under our rules, without any other file of ours. */
class Project {
  readonly #folder = mkdtempSync(join(tmpdir(), 'paidonce-rules-'));
  readonly #files = new Map<string, string[]>();
  #said: readonly Said[] = [];

  constructor() {
    mkdirSync(join(this.#folder, 'scripts'));
    for (const path of ['biome.json', '.gitignore', 'scripts/pure-core.grit']) copyFileSync(join(root, path), join(this.#folder, path));
  }

  /** Returns what Biome reports of the snippet, for after `lint`. Empty: it reports nothing. */
  put(path: string, snippet: string): () => string {
    const lines = this.#files.get(path) ?? [];
    const from = lines.length + 1;
    const to = lines.push(...snippet.split('\n'));
    this.#files.set(path, lines);
    return () => this.#said.flatMap((said) => (said.path === path && from <= said.line && said.line <= to ? said.message : [])).join('\n');
  }

  lint(): void {
    for (const [path, lines] of this.#files) {
      const file = join(this.#folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${lines.join('\n')}\n`);
    }
    const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
    const args = [biome, 'lint', '--colors=off', '--error-on-warnings', '--reporter=github', '--max-diagnostics=none', '.'];
    const { stdout } = spawnSync(process.execPath, args, { cwd: this.#folder, encoding: 'utf8' });
    this.#said = [...stdout.matchAll(/^::\w+ title=.*?,file=(.*?),line=(\d+),.*?::(.*)$/gm)].map(([, file = '', line, message = '']) => ({
      path: relative(this.#folder, file),
      line: Number(line),
      message,
    }));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

const [refused, allowed] = [new Project(), new Project()];
beforeAll(() => {
  refused.lint();
  allowed.lint();
});
afterAll(() => {
  refused.remove();
  allowed.remove();
});

function refuses(path: string, snippet: string, message: string | RegExp): void {
  const said = refused.put(path, snippet);
  test(`${path} is refused: ${titleOf(snippet)}`, () => expect(said()).toMatch(message));
}

function titleOf(snippet: string): string {
  return snippet.slice(0, 120).replaceAll('\n', ' ');
}

function allows(path: string, snippet: string): void {
  const said = allowed.put(path, snippet);
  test(`${path} may have: ${titleOf(snippet)}`, () => expect(said()).toBe(''));
}

describe('dependencies point one way: http, then stripe-adapter, then ledger', () => {
  for (const [path, snippet, message] of [
    ['packages/ledger/src/ledger.ts', "export * from '@paidonce/stripe-adapter';", 'one way'],
    ['packages/ledger/src/ledger.ts', "export * from '@paidonce/http';", 'one way'],
    ['packages/ledger/src/ledger.test.ts', "export * from '@paidonce/sandbox';", 'one way'],
    ['packages/ledger/src/ledger.ts', "export type { Stripe } from 'stripe';", 'knows no Stripe'],
    ['packages/ledger/src/ledger.ts', "export { fastify } from 'fastify';", 'knows no HTTP'],
    ['packages/ledger/src/order/order.ts', "export * from '@paidonce/stripe-adapter';", 'core is pure'],
    ['packages/stripe-adapter/src/webhook/webhook.ts', "export * from '@paidonce/http';", 'one way'],
    ['packages/sandbox/src/sandbox/core.ts', "export type { Runtime } from '@paidonce/ledger';", 'needs no PaidOnce'],
    ['packages/sandbox/src/conformance/stage.ts', "export * from '@paidonce/stripe-adapter';", 'needs no PaidOnce'],
    ['packages/stripe-adapter/src/webhook/webhook.ts', "export * from '@paidonce/sandbox';", 'for development'],
    ['packages/stripe-adapter/src/webhook/webhook.ts', "export const http: unknown = await import('@paidonce/http');", 'one way'],
    ['packages/http/src/plugin.ts', "export { Stripe } from 'stripe';", 'Only packages/stripe-adapter knows Stripe'],
    ['packages/http/src/plugin.ts', "export * from '@paidonce/sandbox';", 'for development'],
  ] as const)
    refuses(path, snippet, message);

  for (const [path, snippet] of [
    ['packages/stripe-adapter/src/webhook/webhook.ts', "export { LedgerError } from '@paidonce/ledger';"],
    ['packages/stripe-adapter/src/webhook/webhook.ts', "export { Stripe } from 'stripe';"],
    ['packages/http/src/plugin.ts', "export { LedgerError } from '@paidonce/ledger';\nexport * from '@paidonce/stripe-adapter';"],
    ['packages/http/src/plugin.test.ts', "export * from '@paidonce/sandbox';"],
    ['packages/stripe-adapter/src/cli/sandbox-command.ts', "export * from '@paidonce/sandbox';"],
  ] as const)
    allows(path, snippet);
});

describe('a package is imported by its name', () => {
  for (const [path, snippet] of [
    ['packages/ledger/src/ledger.ts', "export * from '../../http/src/index.ts';"],
    ['packages/stripe-adapter/src/webhook/webhook.ts', "export * from '../../ledger/src/index.ts';"],
    ['packages/http/src/plugin.ts', "export * from '../../stripe-adapter/src/index.ts';"],
    ['packages/stripe-adapter/src/webhook/webhook.ts', "export * from '../../../sandbox/src/sandbox/index.ts';"],
    ['packages/http/src/plugin.test.ts', "export * from '../../ledger/dist/index.js';"],
    ['examples/shop/main.ts', "export * from '../../packages/ledger/src/index.ts';"],
    ['benchmarks/observe.ts', "export * from '../packages/ledger/src/index.ts';"],
  ] as const)
    refuses(path, snippet, 'Import another package by its name');
});

describe('a room imports only what stands below it', () => {
  const below = [
    ['ledger/src/event-store/memory.ts', '../streams/transact.ts', 'bottom of the ledger'],
    ['ledger/src/event-store/sqlite/sqlite.ts', '../../order/order.ts', 'bottom of the ledger'],
    ['ledger/src/streams/transact.ts', '../delivery/delivery.ts', 'streams/ stands on'],
    ['ledger/src/streams/order-streams.ts', '../observe-payment.ts', 'streams/ stands on'],
    ['ledger/src/read-models/order-rows.ts', '../delivery/lanes.ts', 'needs no service'],
    ['ledger/src/read-models/order-rows.ts', '../ledger.ts', 'needs no service'],
    ['ledger/src/delivery/lanes.ts', '../subscribers/subscribers.ts', 'delivery/ stands on'],
    ['ledger/src/once/once.ts', '../delivery/attempt.ts', 'no dependency and no driver'],
    ['ledger/src/once/sql-of.ts', 'pg', 'no dependency and no driver'],
    ['ledger/src/once/steps.ts', 'node:sqlite', 'no dependency and no driver'],
    ['ledger/src/audit/stats.ts', '../delivery/delivery.ts', 'An audit needs no service'],
    ['ledger/src/audit/verify/verify.ts', '../../observe-payment.ts', 'An audit needs no service'],
    ['ledger/src/audit/verify/verify.ts', '../../subscribers/subscribers.ts', 'An audit needs no service'],
    ['ledger/src/subscribers/subscribers.ts', '../ledger.ts', 'follow the log'],
    ['ledger/src/command-line/program.ts', '../cli/paidonce.ts', 'command-line/ is how'],
    ['ledger/src/event-store/memory.ts', '../input.ts', 'bottom of the ledger'],
    ['ledger/src/event-store/memory.ts', '../adapter-ledger.ts', 'bottom of the ledger'],
    ['ledger/src/command-line/program.ts', '../observe-payment.ts', 'command-line/ is how'],
    ['ledger/src/command-line/program.ts', '../read-models/order-rows.ts', 'command-line/ is how'],
    ['ledger/src/command-line/program.ts', '../audit/verify/verify.ts', 'command-line/ is how'],
    ['ledger/src/audit/stats.ts', '../index.ts', 'An audit needs no service'],
    ['ledger/src/audit/verify/verify.ts', '../../index.ts', 'An audit needs no service'],
    ['ledger/src/subscribers/subscribers.ts', '../audit/copy/copy.ts', 'follow the log'],
    ['ledger/src/subscribers/subscribers.ts', '../audit/replay/replay.ts', 'follow the log'],
    ['ledger/src/observe-payment.ts', './ledger.ts', 'observe-payment stands on'],
    ['ledger/src/observe-payment.ts', './delivery/delivery.ts', 'observe-payment stands on'],
    ['ledger/src/ledger.ts', './cli/paidonce.ts', 'A library starts no command'],
    ['ledger/src/ledger.ts', './command-line/program.ts', 'A library starts no command'],
    ['stripe-adapter/src/stripe-payments.ts', './cli/main.ts', 'A library starts no command'],
    ['sandbox/src/sandbox/core.ts', '../conformance/stage.ts', 'does not know who plays'],
    ['stripe-adapter/src/intake/intake.ts', '../index.ts', 'knows none of them'],
    ['stripe-adapter/src/stripe/accounts.ts', '../mapping/claim.ts', 'stripe/ is the edge'],
    ['stripe-adapter/src/intake/intake.ts', '../webhook/webhook.ts', 'knows none of them'],
    ['stripe-adapter/src/webhook/webhook.ts', '../poll/poll.ts', 'knows nobody else'],
    ['stripe-adapter/src/checkout/checkout.ts', '../operations/recheck.ts', 'knows nobody else'],
    ['stripe-adapter/src/poll/poll.ts', '../checkout/checkout.ts', 'knows nobody else'],
    ['stripe-adapter/src/operations/doctor.ts', '../poll/poll.ts', 'operations/ are by hand'],
    ['stripe-adapter/src/operations/doctor.ts', '../stripe-payments.ts', 'operations/ are by hand'],
  ] as const;
  for (const [path, from, message] of below) {
    refuses(`packages/${path}`, `export * from '${from}';`, message);
    refuses(`packages/${path}`, `export type { Some } from '${from}';`, message);
  }

  for (const [path, from] of [
    ['ledger/src/streams/transact.ts', '../event-store/event-store.ts'],
    ['ledger/src/once/steps.ts', '../errors.ts'],
    ['ledger/src/audit/verify/verify.ts', '../../streams/order-aggregate.ts'],
    ['ledger/src/audit/verify/verify.ts', './delivery-rules.ts'],
    ['ledger/src/command-line/program.ts', '../audit/log/log-reader.ts'],
    ['ledger/src/subscribers/subscribers.ts', '../audit/checkpoint/checkpointer.ts'],
    ['ledger/src/observe-payment.ts', './streams/order-streams.ts'],
    ['ledger/src/cli/run.ts', '../command-line/program.ts'],
    ['sandbox/src/conformance/stage.ts', '../sandbox/index.ts'],
    ['stripe-adapter/src/intake/intake.ts', '../mapping/claim.ts'],
    ['stripe-adapter/src/poll/poll.ts', '../intake/intake.ts'],
    ['stripe-adapter/src/mapping/claim.ts', '../stripe/stripe-objects.ts'],
  ] as const)
    allows(`packages/${path}`, `export * from '${from}';`);

  for (const [snippet, message] of [
    ["export { readFileSync } from 'node:fs';", 'mapping/ is pure'],
    ["export * from '../stripe/stripe-calls.ts';", 'mapping/ is pure'],
    ["export * from '../intake/intake.ts';", 'mapping/ is pure'],
    ["export { createPaymentLedger } from '@paidonce/ledger';", 'of the ledger it imports types'],
    ["export { settledWithin } from '@paidonce/ledger/adapter';", 'of the ledger it imports types'],
    ["import Stripe from 'stripe';\nexport const stripe: unknown = Stripe;", 'mapping/ is pure'],
    ['export const at: number = Date.now();', 'no clock'],
    ['export const answer: unknown = fetch("/");', 'Do not use the global variable fetch'],
  ] as const)
    refuses('packages/stripe-adapter/src/mapping/claim.ts', snippet, message);

  // Types of the ledger, and what is pure of its adapter entry.
  allows('packages/stripe-adapter/src/mapping/claim.ts', "export type { Fact } from '@paidonce/ledger';");
  allows('packages/stripe-adapter/src/mapping/claim.ts', "export { isPaid } from '@paidonce/ledger/adapter';");

  // No circle, types included.
  refused.put('packages/ledger/src/order/circle.ts', "import type { B } from './other.ts';\nexport interface A {\n  readonly b: B;\n}");
  refuses(
    'packages/ledger/src/order/other.ts',
    "import type { A } from './circle.ts';\nexport interface B {\n  readonly a: A;\n}",
    'part of a cycle',
  );
});

describe('production code imports no test support', () => {
  for (const [path, from] of [
    ['ledger/src/ledger.ts', './testing/given-when-then.ts'],
    ['ledger/src/ledger.ts', './instant-runtime.test-support.ts'],
    ['ledger/src/observe-payment.ts', './instant-runtime.test-support.ts'],
    ['ledger/src/cli/run.ts', './run-paidonce.test-support.ts'],
    ['ledger/src/order/decide.ts', './example-order.test-support.ts'],
    ['ledger/src/event-store/memory.ts', '../testing/store-contract.ts'],
    ['ledger/src/streams/transact.ts', '../instant-runtime.test-support.ts'],
    ['ledger/src/delivery/lanes.ts', './delivery.test-support.ts'],
    ['stripe-adapter/src/stripe-payments.ts', './shop.test-support.ts'],
    ['stripe-adapter/src/stripe-payments.ts', '@paidonce/ledger/testing'],
    ['stripe-adapter/src/cli/main.ts', '../testing/simulation/world.ts'],
    ['stripe-adapter/src/cli/sandbox-command.ts', '@paidonce/sandbox/testing'],
    ['stripe-adapter/src/mapping/claim.ts', './claims.test-support.ts'],
    ['stripe-adapter/src/poll/poll.ts', './log.test-support.ts'],
    ['sandbox/src/conformance/stage.ts', './plain-shop.test-support.ts'],
    ['sandbox/src/sandbox/core.ts', './sandbox.test-support.ts'],
    ['http/src/plugin.ts', './mounted.test-support.ts'],
  ] as const)
    refuses(`packages/${path}`, `export * from '${from}';`, 'Production code imports no test support');

  for (const [path, from] of [
    ['ledger/src/ledger.test.ts', './instant-runtime.test-support.ts'],
    ['ledger/src/payment-process.test-support.ts', './testing/given-when-then.ts'],
    ['ledger/src/testing/store-contract.ts', '../instant-runtime.test-support.ts'],
    ['stripe-adapter/src/testing/simulation/world.ts', '@paidonce/ledger/simulation'],
  ] as const)
    allows(`packages/${path}`, `export * from '${from}';`);
});

describe('the core is pure', () => {
  const imports = [
    "export { readFileSync } from 'node:fs';",
    "export { readFileSync } from 'fs';",
    "export const fs: unknown = await import('node:fs');",
    "export { systemRuntime } from '../runtime.ts';",
    "export type { Runtime } from '../runtime.ts';",
    "export * from '../event-store/memory.ts';",
    "export { LRUCache } from 'lru-cache';",
  ];
  for (const snippet of imports) refuses('packages/ledger/src/order/order.ts', snippet, 'The core is pure');

  const impure = [
    'export const at: number = Date.now();',
    'export const clock: () => number = Date.now;',
    'export const at: Date = new Date();',
    'export const at: Date = new Date;',
    'export const at: string = Date();',
    'export const chance: number = Math.random();',
    'export const at: number = performance.now();',
    'setTimeout(() => undefined, 1);',
    'setInterval(() => undefined, 1);',
    'setImmediate(() => undefined);',
    'queueMicrotask(() => undefined);',
    'export const id: string = crypto.randomUUID();',
    'export const env: unknown = process.env;',
    'console.log(1);',
    'export const at: number = globalThis.performance.now();',
  ];
  for (const snippet of impure)
    refuses('packages/ledger/src/order/order.ts', snippet, /The core (?:is pure|has|does|waits)|[Dd]o not use the global/);

  // So is what it is made of.
  refuses('packages/ledger/src/observation.ts', 'export const at: number = Date.now();', 'The core has no clock');
  refuses('packages/ledger/src/observation.ts', "export * from 'node:fs';", 'The core is pure');

  // subscription/ belongs to it, and uses order/, which knows nothing of it.
  const subscription = 'packages/ledger/src/subscription/subscription.ts';
  refuses(subscription, 'export const at: number = Date.now();', 'The core has no clock');
  refuses(subscription, "export * from '../streams/transact.ts';", 'The core is pure');
  allows(subscription, "export * from '../order/facts.ts';");
  refuses('packages/ledger/src/order/order.ts', "export * from '../subscription/facts.ts';", 'The core is pure');

  // Reading a given time is pure, and so are its neighbours, the errors, the types of the port and zod.
  for (const snippet of [
    "export * as z from 'zod';",
    "export * from '../errors.ts';",
    "export type { StoredEvent } from '../event-store/event-store.ts';",
    "export * from '../observation.ts';",
    "export * from './facts.ts';",
    'export const time = (text: string): number => new Date(text).getTime() + Date.parse(text);',
  ])
    allows('packages/ledger/src/order/order.ts', snippet);

  // Its tests, and the code around it, may use the clock.
  allows('packages/ledger/src/order/order.test.ts', 'export const at: number = Date.now();');
  allows('packages/ledger/src/runtime.ts', 'export const at: number = Date.now();');
});

describe('a file has at most 250 lines, a function at most 70, and a test may be longer', () => {
  const lines = (count: number): string =>
    Array.from({ length: count }, (_, index) => `export const line${index}: number = ${index};`).join('\n');
  const longFunction = (count: number): string => `export function long(): void {\n${'  long();\n'.repeat(count)}}`;
  for (const [name, atMost, tooLong, message] of [
    ['a-file', lines(250), lines(251), 'Maximum allowed is 250'],
    ['a-function', longFunction(68), longFunction(71), 'Maximum allowed is 70'],
  ] as const) {
    allows(`packages/ledger/src/${name}.ts`, atMost);
    refuses(`packages/ledger/src/${name}.ts`, tooLong, message);
  }
  allows('packages/ledger/src/ledger.test.ts', lines(300));
});

// Else a Biome that does not run allows everything.
const canary = allowed.put('packages/ledger/src/canary.ts', "export * from '@paidonce/http';");
test('what may be was looked at too', () => expect(canary()).toContain('one way'));
