// Checks that the tables of docs/reference list each value of a union, each option, event and command in the source once, and no
// other; and that the tree in ARCHITECTURE.md lists the folders and files that exist.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesOf } from './documents.ts';

const root = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const statesPage = 'docs/reference/status-states.md';
const errorsPage = 'docs/reference/error-codes.md';
const zhStatesPage = 'docs/reference/status-states.zh-TW.md';
const zhErrorsPage = 'docs/reference/error-codes.zh-TW.md';

/** Returns the texts of `type Name = 'a' | 'b';` or of `const name = ['a', 'b']`, without comments. */
function valuesOf(source: string, name: string): readonly string[] {
  const code = source.replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '');
  const [, body = ''] = new RegExp(`(?:type ${name} =|const ${name} = \\[)(.*?)[;\\]]`, 's').exec(code) ?? [];
  return [...body.matchAll(/'([^']+)'/g)].map(([, value = '']) => value);
}

/** Returns the rows of the table below a heading, as lists of cells. */
function rowsBelow(page: string, heading: string): readonly (readonly string[])[] {
  const [, section = ''] = page.split(new RegExp(`^#+ ${heading}$`, 'm'));
  const [body = ''] = section.split(/^#+ /m);
  const lines = body.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function codesIn(cell: string | undefined): readonly string[] {
  return [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

/** Reads the tree. Key: the source folder; value: its entries, such as `order/`, `audit/log/` and `ledger.ts`. */
function treeIn(page: string): ReadonlyMap<string, readonly string[]> {
  const [, fence = ''] = /^## The house\n+```\n(.*?)^```$/ms.exec(page) ?? [];
  const tree = new Map<string, string[]>();
  let entries: string[] = [];
  let parent = '';
  for (const line of fence.trimEnd().split('\n')) {
    const [, indent = '', names = ''] = /^( *)(\S.*?)(?: {2,}.*)?$/.exec(line) ?? [];
    const listed = names.split(', ').map((name) => (indent.length > 2 ? parent + name : name));
    if (indent === '') {
      entries = [];
      tree.set(names.replace(/\/$/, ''), entries);
    } else entries.push(...listed);
    if (indent.length === 2) parent = names;
  }
  return tree;
}

const isNested = (path: string): boolean => /^[^/]+\/[^/]+\/src\/[^/]+\/[^/]+\/$/.test(path);
const topOf = (entries: readonly string[] = []): readonly string[] => entries.filter((entry) => /^[^/]+\/?$/.test(entry));

describe('each value of the source has one row', () => {
  test.each([
    [errorsPage, 'Error codes', 'packages/ledger/src/errors.ts', 'LedgerErrorCode'],
    [statesPage, 'State of a bulk run', 'packages/ledger/src/bulk-runs.ts', 'RunStatus'],
    [statesPage, 'State of a payment', 'packages/stripe-adapter/src/checkout/payment-status.ts', 'PaymentState'],
    [statesPage, "State of an order's payment", 'packages/ledger/src/order/view.ts', 'paymentStates'],
    [statesPage, 'Status of a membership', 'packages/ledger/src/order/order.ts', 'MembershipStatus'],
    [statesPage, 'Kinds of review', 'packages/ledger/src/order/events.ts', 'ReviewKind'],
    [zhErrorsPage, '錯誤碼', 'packages/ledger/src/errors.ts', 'LedgerErrorCode'],
    [zhStatesPage, '付款的狀態', 'packages/stripe-adapter/src/checkout/payment-status.ts', 'PaymentState'],
    [zhStatesPage, '審核的種類', 'packages/ledger/src/order/events.ts', 'ReviewKind'],
  ])('%s, %s: %s, %s', (page, heading, source, name) => {
    const values = valuesOf(read(source), name);
    expect(values.length).toBeGreaterThan(2);
    expect(rowsBelow(read(page), heading).map(([first]) => first)).toEqual(values.map((value) => `\`${value}\``));
  });
});

describe('what a row says of its value', () => {
  test.each([
    [errorsPage, 'Error codes'],
    [zhErrorsPage, '錯誤碼'],
  ])('%s: an error has the status that the plugin answers with', (page, heading) => {
    const [, table = ''] = /const statuses[^{]*\{(.*?)\}/s.exec(read('packages/http/src/reply.ts')) ?? [];
    const statuses = new Map([...table.matchAll(/(\w+): (\d{3})/g)].map(([, code = '', status = '']) => [code, status]));
    expect(statuses.size).toBeGreaterThan(5);
    for (const [first, , , http] of rowsBelow(read(page), heading)) {
      const [code = ''] = codesIn(first);
      expect([code, ...codesIn(http)]).toEqual([code, statuses.get(code) ?? '500']);
    }
  });

  test.each([
    [statesPage, 'State of a payment', 2, 4],
    [errorsPage, 'Error codes', 4, 2],
    [zhStatesPage, '付款的狀態', 2, 4],
    [zhErrorsPage, '錯誤碼', 4, 2],
  ])('%s says what a page shows and what an operator does', (page, heading, shows, does) => {
    for (const row of rowsBelow(read(page), heading)) expect([row[0], row[shows] !== '', row[does] !== '']).toEqual([row[0], true, true]);
  });

  test.each([
    [statesPage, 'State of a payment'],
    [zhStatesPage, '付款的狀態'],
  ])('%s: a state has the time after which the page asks again', (page, heading) => {
    const [, table = ''] = /const nextPollMs[^{]*\{(.*?)\}/s.exec(read('packages/stripe-adapter/src/checkout/payment-status.ts')) ?? [];
    const waits = new Map([...table.matchAll(/(\w+): ([\d_]+)/g)].map(([, state = '', ms = '']) => [state, ms.replaceAll('_', '')]));
    expect(waits.size).toBeGreaterThan(2);
    for (const [first, , , wait] of rowsBelow(read(page), heading)) {
      const [state = ''] = codesIn(first);
      const ms = waits.get(state);
      expect([state, ...codesIn(wait)]).toEqual(ms === undefined ? [state] : [state, ms]);
    }
  });
});

/** Returns the fields of an interface, in their order. */
function fieldsOf(source: string, name: string): readonly string[] {
  const [, body = ''] = new RegExp(`interface ${name}\\b[^{]*\\{\\n(.*?)^\\}`, 'ms').exec(source) ?? [];
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, field = '']) => field);
}

describe('each field of an interface has one row', () => {
  const options = 'docs/reference/options.md';
  const adapter = 'packages/stripe-adapter/src/stripe-payments-options.ts';
  test.each([
    [options, 'createPaymentLedger', 'packages/ledger/src/payment-ledger.ts', 'PaymentLedgerOptions'],
    [options, 'stripePayments', adapter, 'StripePaymentsOptions'],
    [options, 'poll', adapter, 'PollOptions'],
    [options, 'paymentHandlers', 'packages/http/src/fetch.ts', 'PaymentHandlersOptions'],
    [options, 'paymentLedgerPlugin', 'packages/http/src/plugin.ts', 'PaymentLedgerPluginOptions'],
    [options, 'watchPayment', 'packages/http/src/browser.ts', 'WatchOptions'],
    [options, 'paymentConsole and paymentAdminPlugin', 'packages/http/src/admin/options.ts', 'ConsoleOptions'],
    ['docs/reference/events.md', 'Events of a subscription', 'packages/ledger/src/subscription/events.ts', 'SubscriptionEventData'],
    ['docs/reference/events.md', 'Events of an order', 'packages/ledger/src/order/events.ts', 'OrderEventData'],
  ])('%s, %s: %s, %s', (page, heading, source, name) => {
    const fields = fieldsOf(read(source), name);
    expect(fields.length).toBeGreaterThan(1);
    expect(rowsBelow(read(page), heading).map(([first]) => first)).toEqual(fields.map((field) => `\`${field}\``));
  });
});

test('who goes live subscribes to the types of events that report on payments', () => {
  const [, list = ''] =
    /const eventTypes: readonly string\[\] = \[(.*?)\]/s.exec(read('packages/stripe-adapter/src/stripe/event-types.ts')) ?? [];
  const types = [...list.matchAll(/'([^']+)'/g)].map(([, type = '']) => type);
  const [, shown = ''] = /^ *```text\n(.*?)^ *```$/ms.exec(read('docs/operate/deploy.md')) ?? [];
  expect(types.length).toBeGreaterThan(15);
  expect(
    shown
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
  ).toEqual(types);
});

describe('the policy of subscriptions', () => {
  const source = read('packages/ledger/src/subscription/policy.ts');
  const rows = rowsBelow(read('docs/reference/options.md'), 'subscriptions\\.policy');

  test('has a row for each option', () => {
    const fields = fieldsOf(source, 'SubscriptionPolicy').filter((field) => field !== 'type'); // The ledger writes it, and no shop.
    expect(fields).toContain('renewalGraceHours');
    expect(rows.map(([first]) => first)).toEqual(fields.map((field) => `\`${field}\``));
  });

  test('has the defaults of the source', () => {
    const [, body = ''] = /const defaultSubscriptionPolicy[^{]*\{\n(.*?)^\}/ms.exec(source) ?? [];
    const defaults = new Map([...body.matchAll(/^ {2}(\w+): '?(.*?)'?,$/gm)].map(([, field, value]) => [field, value]));
    expect(defaults.size).toBeGreaterThan(5);
    const shown = rows.map(([first, second]) => [codesIn(first)[0], codesIn(second)[0]]);
    expect(shown).toEqual(shown.map(([field]) => [field, defaults.get(field)]));
  });
});

/** Returns the types of events that a paragraph lists: `.updated` has the object of the name before it. */
function typesIn(paragraph: string): readonly string[] {
  let object = '';
  return codesIn(paragraph).map((code) => {
    if (!code.startsWith('.')) object = code.slice(0, code.lastIndexOf('.'));
    return code.startsWith('.') ? object + code : code;
  });
}

describe('the types of events to subscribe to', () => {
  const [, section = ''] = read('packages/stripe-adapter/README.md').split('\n## Webhook events to subscribe to\n');
  const lists = section.split('\n\n').filter((paragraph) => /^`[\w.]+` · /.test(paragraph));

  test.each([
    ['of orders', 0, 'eventTypes'],
    ['of subscriptions', 1, 'billingEventTypes'],
  ])('%s are those of the source', (_, place, name) => {
    const source = read('packages/stripe-adapter/src/stripe/event-types.ts').replaceAll(': readonly string[]', '');
    const types = valuesOf(source, name);
    expect(types.length).toBeGreaterThan(10);
    expect(typesIn(lists[place] ?? '')).toEqual(types);
  });
});

describe('each command has one row', () => {
  test.each([
    ['paidonce', 'packages/ledger/src/cli/paidonce.ts'],
    ['paidonce-stripe', 'packages/stripe-adapter/src/cli/paidonce-stripe.ts'],
  ])('%s', (program, table) => {
    const names = [...read(table).matchAll(/^ {4}name: '([\w-]+)',$/gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(5);
    const rows = rowsBelow(read('docs/reference/cli.md'), program).map(([first]) => first);
    expect(rows.toSorted()).toEqual(names.map((name) => `\`${name}\``).toSorted());
  });
});

describe('a document names only commands that there are', () => {
  const commands = new Map(
    ['paidonce', 'paidonce-stripe'].map((program) => [
      program,
      rowsBelow(read('docs/reference/cli.md'), program).flatMap(([first]) => codesIn(first)),
    ]),
  );
  const documents = filesOf(root, ['{README*,ARCHITECTURE,CONTRIBUTING,SECURITY}.md', 'docs/**/*.md', 'packages/*/README.md']);

  test.each(documents)('%s', (path) => {
    const named = [...read(path).matchAll(/(?:`|^\s*(?:npx )?|npm run (?:-s )?)(paidonce(?:-stripe)?) (?:-- )?([a-z][a-z-]*)/gm)];
    expect(named.filter(([, program = '', command = '']) => !commands.get(program)?.includes(command)).map(([text]) => text)).toEqual([]);
  });

  test('and the pattern finds some', () => {
    expect(commands.get('paidonce')).toContain('deliver-all');
    expect(read('docs/operate/alerts.md')).toMatch(/`paidonce deliver-all`/);
  });
});

describe('the tree of the house', () => {
  const tree = treeIn(read('ARCHITECTURE.md'));
  const isTest = /\.(?:test|test-support)\.ts$/;

  test.each(['ledger', 'stripe-adapter', 'http', 'sandbox'])('packages/%s/src has these folders and files', (name) => {
    const folder = `packages/${name}/src`;
    const found = readdirSync(join(root, folder), { withFileTypes: true })
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .filter((entry) => !isTest.test(entry));
    expect(topOf(tree.get(folder)).toSorted()).toEqual(found.toSorted());
  });

  test('the folders within a folder are there', () => {
    const nested = [...tree].flatMap(([folder, entries]) => entries.map((entry) => `${folder}/${entry}`).filter(isNested));
    expect(nested.length).toBeGreaterThan(10);
    for (const path of nested) expect(readdirSync(join(root, path)), path).not.toEqual([]);
  });
});

describe('a small example', () => {
  const source = "export type State =\n  | 'open' // not 'shut'\n  /** Not 'ajar'. */\n  | 'closed';\nconst other = 'other';\n";
  const page = '# Page\n\n## State\n\n| a | b |\n|---|---|\n| `open` | yes |\n\n## Other\n\n| a |\n|---|\n| `other` |\n';

  test('is read', () => {
    expect(valuesOf(source, 'State')).toEqual(['open', 'closed']);
    expect(valuesOf("const states = [\n  'open', // first\n] as const;", 'states')).toEqual(['open']);
    expect(rowsBelow(page, 'State')).toEqual([['`open`', 'yes']]);
  });

  test('of a list of events is read', () => {
    expect(typesIn('`charge.dispute.created` · `.closed` ·\n`refund.failed`')).toEqual([
      'charge.dispute.created',
      'charge.dispute.closed',
      'refund.failed',
    ]);
  });

  test('of an interface is read', () => {
    const code =
      'export interface A<T> extends B {\n  /** Not this: that. */\n  readonly one?: { readonly inner: T };\n  two(): void;\n}\n';
    expect(fieldsOf(code, 'A')).toEqual(['one', 'two']);
  });

  test('of a tree is read', () => {
    const example =
      '## The house\n\n```\npackages/a/src/   one\n  b.ts, c.ts      two files\n  d/              a folder\n    e/, f/        more\n```\n';
    expect(treeIn(example).get('packages/a/src')).toEqual(['b.ts', 'c.ts', 'd/', 'd/e/', 'd/f/']);
  });

  test('lacks a value', () => {
    expect(rowsBelow(page, 'State').map(([first]) => first)).not.toEqual(valuesOf(source, 'State').map((value) => `\`${value}\``));
  });
});
