// Checks that metrics, their table, the dashboard, the alerting rules and the runbook name the same things, each all of them.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AlertKind } from '@paidonce/ledger';
import { beforeAll, describe, expect, test } from 'vitest';
import { alertPath } from './alert-path.ts';
import { type MetricRow, metricRows } from './metric-rows.test-support.ts';

const root = resolve(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const page = read('docs/operate/alerts.md');
const rules = read('docs/operate/alerts.yml')
  .split(/^ {6}- alert: /m)
  .slice(1)
  .map((text) => ({ name: /^\w+/.exec(text)?.[0] ?? '', text }));
const union = /export type AlertKind =(.*?);/s.exec(read('packages/ledger/src/alerts.ts').replace(/\/\*.*?\*\//gs, ''))?.[1] ?? '';
const kinds = [...union.matchAll(/'(\w+)'/g)].map(([, kind = '']) => kind as AlertKind);
/** Metrics in a text, by the names that they are registered under. */
function metricsIn(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/\bpaidonce_[a-z_]+/g)].map(([name]) => name.replace(/_(?:bucket|sum|count)$/, '')));
}

let metrics: readonly MetricRow[];
beforeAll(async () => {
  metrics = await metricRows();
});

test('the table has each metric as it is registered', () => {
  const rows = [...read('docs/reference/metrics.md').matchAll(/^\| `(paidonce_\w+)` \| (\w+) \| (.*?) \| (.*?) \| (.*?) \|$/gm)];
  expect(metrics.length).toBeGreaterThan(10);
  expect(rows.map(([, name, type, labels, of, help]) => ({ name, type, labels, of, help }))).toEqual(
    metrics.map(({ labels, ...row }) => ({ ...row, labels: labels.map((label) => `\`${label}\``).join(' · ') })),
  );
});

describe('the dashboard', () => {
  const dashboard = JSON.parse(read('docs/operate/grafana-dashboard.json')) as {
    readonly panels: readonly { readonly id: number; readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
    readonly templating: { readonly list: readonly { readonly name: string }[] };
  };
  const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

  test('shows each metric, and no other', () => {
    expect([...metricsIn(expressions.join('\n'))].toSorted()).toEqual(metrics.map(({ name }) => name).toSorted());
  });

  test('has a number and a title for each panel, and asks only for its own variables', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(dashboard.panels.every(({ title, targets }) => title !== '' && targets.length > 0)).toBe(true);
    const known = new Set([...dashboard.templating.list.map(({ name }) => name), '__rate_interval']);
    for (const [, name = ''] of JSON.stringify(dashboard).matchAll(/\$\{?(\w+)/g)) expect(known).toContain(name);
  });

  test('takes the max of what all processes share, and the sum of what each counts', () => {
    for (const expression of expressions) {
      for (const name of metricsIn(expression)) {
        const of = metrics.find((metric) => metric.name === name)?.of;
        if (/_total$/.test(name)) expect(expression).toMatch(of === 'log' ? /^max by/ : /^sum by/);
        if (of === 'log') expect(expression).not.toMatch(/^sum/);
      }
    }
  });
});

describe('a rule', () => {
  test('asks only for metrics that there are', () => {
    expect(rules.length).toBeGreaterThan(5);
    const names = new Set(metrics.map(({ name }) => name));
    for (const { text } of rules)
      for (const name of metricsIn(/expr:(.*?)\n {8}(?:for|labels):/s.exec(text)?.[1] ?? '')) expect(names).toContain(name);
  });

  test('leads to the page of the console that its kind leads to, and to a section that names it', () => {
    for (const { name, text } of rules) {
      const kind = /kind: (\w+) }/.exec(text)?.[1] as AlertKind | undefined;
      if (kind !== undefined) expect([name, kinds.includes(kind)]).toEqual([name, true]);
      if (kind !== undefined) expect([name, /console: (\S+)/.exec(text)?.[1]]).toEqual([name, alertPath({ kind })]);
      const anchor = /runbook: docs\/operate\/alerts\.md(?:#(\w+))?\n/.exec(text);
      expect([name, anchor !== null]).toEqual([name, true]);
      const section = sections().get(kind ?? name);
      expect(section, name).toBeDefined();
      if (kind === undefined) expect([name, anchor?.[1] ?? name.toLowerCase()]).toEqual([name, name.toLowerCase()]);
      else expect([name, anchor?.[1], section?.includes(`\`${name}\``)]).toEqual([name, kind, true]);
    }
  });

  test('sees each kind: by a number of its own, or by the count of alerts', () => {
    const text = rules.map((rule) => rule.text).join('');
    const [, counted = ''] = /paidonce_alerts_total\{kind=~"([^"]+)"/.exec(text) ?? [];
    const own = [...text.matchAll(/kind: (\w+) }/g)].map(([, kind = '']) => kind);
    expect([...counted.split('|'), ...new Set(own)].toSorted()).toEqual(kinds.toSorted());
  });
});

/** The sections of the runbook. */
function sections(): ReadonlyMap<string, string> {
  return new Map(
    page
      .split(/^### /m)
      .slice(1)
      .map((text) => [/^\w+/.exec(text)?.[0] ?? '', text]),
  );
}

test('the runbook has each kind of the ledger and each rule, with what happened, what to look at, what to do and what it does not mean', () => {
  expect(kinds.length).toBeGreaterThan(10);
  const withKind = new Set(rules.filter(({ text }) => /kind: \w+ }/.test(text)).map(({ name }) => name));
  const expected = [...kinds, ...rules.map(({ name }) => name).filter((name) => !withKind.has(name))];
  expect([...sections().keys()].toSorted()).toEqual(expected.toSorted());
  for (const [name, text] of sections()) {
    const parts = [...text.matchAll(/^- \*\*(.+?)\*\* (\S.*)$/gm)].map(([, part = '', said = '']) => [part, said.length > 10]);
    expect([name, parts]).toEqual([name, ['What happened.', 'Look at.', 'Do.', 'It does not mean.'].map((part) => [part, true])]);
  }
});
