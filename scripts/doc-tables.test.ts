// The tables of docs/reference list what the source has: each value of a union once, and no other. A table that nobody
// compares keeps a value that was renamed, and lacks the new one.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const statesPage = 'docs/reference/status-states.md';
const errorsPage = 'docs/reference/error-codes.md';

/** The texts of `type Name = 'a' | 'b';` or of `const name = ['a', 'b']`, comments left out. */
function valuesOf(source: string, name: string): readonly string[] {
  const code = source.replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '');
  const [, body = ''] = new RegExp(`(?:type ${name} =|const ${name} = \\[)(.*?)[;\\]]`, 's').exec(code) ?? [];
  return [...body.matchAll(/'([^']+)'/g)].map(([, value = '']) => value);
}

/** The rows of the table below a heading, a cell each. */
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

describe('each value of the source has one row', () => {
  test.each([
    [errorsPage, 'Error codes', 'packages/ledger/src/errors.ts', 'LedgerErrorCode'],
    [statesPage, 'State of a payment', 'packages/stripe-adapter/src/checkout/payment-status.ts', 'PaymentState'],
    [statesPage, "State of an order's payment", 'packages/ledger/src/order/view.ts', 'paymentStates'],
    [statesPage, 'Status of a membership', 'packages/ledger/src/order/order.ts', 'MembershipStatus'],
    [statesPage, 'Kinds of review', 'packages/ledger/src/order/events.ts', 'ReviewKind'],
  ])('%s, %s: %s, %s', (page, heading, source, name) => {
    const values = valuesOf(read(source), name);
    expect(values.length).toBeGreaterThan(2);
    expect(rowsBelow(read(page), heading).map(([first]) => first)).toEqual(values.map((value) => `\`${value}\``));
  });
});

describe('what a row says of its value', () => {
  test('an error has the status that the plugin answers with', () => {
    const [, table = ''] = /const statuses[^{]*\{(.*?)\}/s.exec(read('packages/http/src/answer.ts')) ?? [];
    const statuses = new Map([...table.matchAll(/(\w+): (\d{3})/g)].map(([, code = '', status = '']) => [code, status]));
    expect(statuses.size).toBeGreaterThan(5);
    for (const [first, , , http] of rowsBelow(read(errorsPage), 'Error codes')) {
      const [code = ''] = codesIn(first);
      expect([code, ...codesIn(http)]).toEqual([code, statuses.get(code) ?? '500']);
    }
  });

  test('a state has the time after which the page asks again', () => {
    const [, table = ''] = /const nextPollMs[^{]*\{(.*?)\}/s.exec(read('packages/stripe-adapter/src/checkout/payment-status.ts')) ?? [];
    const waits = new Map([...table.matchAll(/(\w+): ([\d_]+)/g)].map(([, state = '', ms = '']) => [state, ms.replaceAll('_', '')]));
    expect(waits.size).toBeGreaterThan(2);
    for (const [first, , , wait] of rowsBelow(read(statesPage), 'State of a payment')) {
      const [state = ''] = codesIn(first);
      const ms = waits.get(state);
      expect([state, ...codesIn(wait)]).toEqual(ms === undefined ? [state] : [state, ms]);
    }
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

  test('lacks a value', () => {
    expect(rowsBelow(page, 'State').map(([first]) => first)).not.toEqual(valuesOf(source, 'State').map((value) => `\`${value}\``));
  });
});
