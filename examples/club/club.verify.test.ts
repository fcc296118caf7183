// The club keeps every promise of the kit, at the sandbox.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SubscriptionPolicyOptions } from '@paidonce/ledger';
import {
  assertConforms,
  type BootClub,
  formatReport,
  type MemberState,
  runConformance,
  type StartedSubscription,
  subscriptionScenarioNames,
} from '@paidonce/sandbox/conformance';
import Stripe from 'stripe';
import { expect, onTestFinished, test } from 'vitest';
import { openClub } from './club.ts';
import { isPlan } from './plans.ts';

interface Begun extends StartedSubscription {
  readonly subscriptionId: string;
  readonly memberId: string;
}

function bootClub(policy: Omit<SubscriptionPolicyOptions, 'plans'>): BootClub {
  const dataDir = mkdtempSync(join(tmpdir(), 'paidonce-club-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  return async ({ url: paymentOrigin, clientConfig, secretKey, webhookSecret, prices, clock }) => {
    const stripe = new Stripe(secretKey, { ...clientConfig });
    const open = () => openClub({ stripe, webhookSecret, prices, dataDir, paymentOrigin, poll: false, runtime: clock, policy });
    let club = await open();
    const webhookUrl = (): string => `${club.url}/webhooks/stripe`;
    return {
      webhookUrl: webhookUrl(),
      subscriptions: {
        tells: ['plan', 'quantity'],
        start: async (wish) => ({ ...(await club.begin(wish)), memberId: wish.memberId }),
        stateOf: async (started): Promise<MemberState> => {
          const { subscriptionId, memberId } = started as Begun;
          const row = club.members.list(memberId).find(({ membershipId }) => membershipId === subscriptionId);
          return {
            access: club.members.isOpen(subscriptionId, clock.now()),
            welcomed: club.members.welcomes(memberId),
            ...(row && isPlan(row.plan) && { plan: row.plan, quantity: row.quantity }),
          };
        },
      },
      poll: () => club.payments.sweep(),
      restart: async () => {
        await club[Symbol.asyncDispose]();
        club = await open();
        return { webhookUrl: webhookUrl() };
      },
      settled: () => club.payments.ledger.settle(),
      close: async () => club[Symbol.asyncDispose](),
    };
  };
}

test('the club keeps every promise of subscriptions', async () => {
  const report = await runConformance(bootClub({ trial: 'grant' }), { policy: { trial: 'access', lostDispute: 'ends' } });
  assertConforms(report, { mayBeSkipped: ['trial-gives-nothing'] });
  expect(formatReport(report)).toContain(`${subscriptionScenarioNames.length - 1} passed, 0 broke, `);
});

test('and where a trial gives nothing, it gives nothing', async () => {
  const only = ['trial-gives-nothing', 'trial-ends-unpaid', 'trial-ended-early'] as const;
  assertConforms(await runConformance(bootClub({}), { only, policy: { trial: 'none' } }));
});
