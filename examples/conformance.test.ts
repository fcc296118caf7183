import {
  assertConforms,
  type BootShop,
  formatReport,
  type PlacedOrder,
  runConformance,
  scenarioNames,
} from '@paidonce/stripe-adapter/conformance';
import { expect, onTestFinished, test } from 'vitest';
import { mountedPlugin, shopExample } from './conformance.test-support.ts';
import { temporaryFolder } from './shop/shop.test-support.ts';

async function conforms<Order extends PlacedOrder>(example: (dataDir: string) => BootShop<Order>): Promise<void> {
  const folder = temporaryFolder();
  onTestFinished(() => folder.remove());
  let last = performance.now();
  const report = await runConformance(example(folder.path), {
    policy: { partialRefund: 'keeps' },
    onResult: (r) => {
      console.log(r.name, r.outcome, Math.round(performance.now() - last));
      last = performance.now();
    },
  });
  assertConforms(report);
  expect(formatReport(report)).toContain(`${scenarioNames.length} passed, 0 broke, 0 skipped.`);
}

test('the example shop keeps every promise, whatever Stripe, the network and strangers do', () => conforms(shopExample));

test('the plugin mounted in a server of one’s own keeps every promise', () => conforms(mountedPlugin));
