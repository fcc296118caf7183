// The program of `npm run club`: a club on the sandbox, until Ctrl-C. Its clock is the sandbox's, so that months can be skipped.
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startStripeSandbox } from '@paidonce/sandbox';
import Stripe from 'stripe';
import { openClub } from './club.ts';
import { openPrices } from './plans.ts';

const port = Number(process.env['PORT'] ?? 3_000);
const dataDir = process.env['DATA_DIR'] ?? join(import.meta.dirname, 'data');
const webhookSecret = `whsec_sandbox_${randomBytes(24).toString('hex')}`;
const hourMs = 3_600_000;

mkdirSync(dataDir, { recursive: true });
await using opened = new AsyncDisposableStack();
const sandbox = opened.use(
  await startStripeSandbox({
    port: port + 1,
    stateFile: join(dataDir, 'sandbox.db'),
    signedBy: 'sandbox',
    webhookEndpoints: [{ url: `http://127.0.0.1:${port}/webhooks/stripe`, secret: webhookSecret }],
  }),
);
const stripe = new Stripe('sk_test_paidonce_sandbox', { ...sandbox.clientConfig });
const club = opened.use(
  await openClub({
    stripe,
    webhookSecret,
    prices: await openPrices(stripe),
    dataDir,
    port,
    paymentOrigin: sandbox.url,
    // #region clock
    runtime: { now: () => sandbox.now(), monotonicNowMs: () => sandbox.now().getTime() },
    // #endregion clock
    advance: (months, days) => sandbox.advance({ months, days, ms: 2 * hourMs }), // A renewal is collected an hour after it began.
  }),
);
console.log(`The club is open: ${club.url}\nStripe is the sandbox: ${sandbox.url}/_sandbox\nCtrl-C stops both.`);
const running = opened.move();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void running.disposeAsync());
