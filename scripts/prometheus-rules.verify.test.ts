// Runs the tests of docs/operate/alerts.yml by promtool (Debian: prometheus). Skipped, aloud, where it is not installed.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

const folder = resolve(import.meta.dirname, '../docs/operate');
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
if (!hasPromtool) console.warn('SKIPPED: the rules of docs/operate/alerts.yml. Install promtool (Debian: apt-get install prometheus)');

describe.skipIf(!hasPromtool)('the rules of Prometheus', () => {
  const promtool = (...args: readonly string[]): string => execFileSync('promtool', args, { cwd: folder, encoding: 'utf8' });

  test('are rules', () => {
    expect(promtool('check', 'rules', 'alerts.yml')).toContain('SUCCESS');
  });

  test('fire when they should, and only then', () => {
    expect(promtool('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS');
  });

  test('and the expressions of the dashboard are ones that Prometheus understands', () => {
    const dashboard = readFileSync(join(folder, 'grafana-dashboard.json'), 'utf8');
    const expressions = [...dashboard.matchAll(/"expr": (".*")/g)].map(([, text = '']) => String(JSON.parse(text)));
    expect(expressions.length).toBeGreaterThan(10);
    const temporary = mkdtempSync(join(tmpdir(), 'paidonce-rules-'));
    onTestFinished(() => rmSync(temporary, { recursive: true }));
    const rules = expressions.map((expr, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$job', 'shop'),
    }));
    writeFileSync(join(temporary, 'rules.yml'), JSON.stringify({ groups: [{ name: 'dashboard', rules }] })); // YAML holds JSON.
    expect(promtool('check', 'rules', join(temporary, 'rules.yml'))).toContain(`${expressions.length} rules found`);
  });
});

test('each rule fires in a case, and is silent in one', () => {
  const rules = [...readFileSync(join(folder, 'alerts.yml'), 'utf8').matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
  const cases = readFileSync(join(folder, 'alerts.test.yml'), 'utf8');
  expect(rules.length).toBeGreaterThan(5);
  for (const name of rules) {
    expect(cases, `${name} is never expected`).toMatch(new RegExp(`alertname: ${name}\\n +exp_alerts:\\n`));
    expect(cases, `${name} is always expected`).toMatch(new RegExp(`alertname: ${name}, exp_alerts: \\[\\]`));
  }
});
