// The commands `paidonce deliver-all` and `paidonce runs`: a bulk run is asked for here, and carried out by the shop's processes.
import { waitingIn } from '../audit/waiting.ts';
import type { BulkRuns, Run, RunSelection } from '../bulk-runs.ts';
import { type Command, type Invocation, jsonOption, storeOption } from '../command-line/command.ts';
import { openReader, openWritableStore, storeUrl } from '../command-line/open-store.ts';
import { grouped } from '../command-line/terminal.ts';
import { defined } from '../defined.ts';
import { LedgerError } from '../errors.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { ManualAction } from '../observation.ts';
import type { PaymentLedger } from '../payment-ledger.ts';
import { askDeliveries, whoAsks } from './ask-deliveries.ts';

const personOptions = {
  actor: { value: 'ID', help: 'who asks for it: an id, not a name' },
  reason: { value: 'TEXT', help: 'why: "the table was locked, ticket 12"' },
} as const;

export const deliverAllCommand: Command = {
  positionals: [],
  details: [
    'It starts a run, and ends: a process of the shop that delivers carries the run out, in the background, four orders at once.',
    'For subscriptions it asks at once, in the stream of each: any process that delivers them takes them. With --error: orders alone.',
    'What is saved meanwhile is skipped, and a shop that refuses 20 in a row is given a pause. `paidonce runs` tells how far it is.',
    'Exits 0; 3: another run goes on, and nothing was started; 2: it could not run, as where more than 5,000 orders wait.',
  ],
  options: {
    ...personOptions,
    error: {
      value: 'NAME',
      help: 'only what failed with this error last, as `undelivered` of the console groups them: TypeError, Error/P2002, timeout',
    },
    ...storeOption,
    ...jsonOption,
  },
  run: (invocation) => {
    const { options, terminal } = invocation;
    const by = whoAsks(options);
    const error = options.text('error');
    const selection = { undelivered: defined({ error }) };
    return withLedger(invocation, async ({ runs }) => {
      const { count } = await runs.plan('redeliver', selection);
      // First, since it may be refused: then nothing was asked for.
      const started = count === 0 ? undefined : await startRun(runs, selection, by);
      if (started !== undefined && !options.flag('json')) terminal.out(startedText(started, count));
      const subscriptions = error === undefined ? await askSubscriptions(invocation, by) : 0;
      const outcome = subscriptions === 0 ? 'nothing_to_deliver' : 'asked';
      if (options.flag('json')) terminal.out(JSON.stringify(started ? { ...started, count, subscriptions } : { outcome, subscriptions }));
      else if (subscriptions > 0)
        terminal.out(`Delivery was asked for ${grouped(subscriptions)} subscription${subscriptions === 1 ? '' : 's'}.`);
      else if (started === undefined) terminal.out('The shop has every decision that is meant.');
      return started?.outcome === 'running' ? 3 : 0;
    });
  },
};

type Started = Awaited<ReturnType<BulkRuns['start']>>;

/** Undefined: the last order was saved meanwhile. */
async function startRun(runs: BulkRuns, selection: RunSelection, by: ManualAction): Promise<Started | undefined> {
  try {
    return await runs.start('redeliver', selection, by);
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'invalid_input' && (await runs.plan('redeliver', selection)).count === 0)
      return undefined;
    throw error;
  }
}

function startedText({ outcome, runId }: Started, count: number): string {
  if (outcome === 'running') return `Nothing was started: run ${runId} goes on. See: paidonce runs ${runId}`;
  return (
    `Run ${runId} has started: ${grouped(count)} order${count === 1 ? '' : 's'} to deliver again. A process of the shop that delivers carries it out. ` +
    `See how far it is: paidonce runs ${runId}`
  );
}

export const runsCommand: Command = {
  positionals: ['[RUN]'],
  details: [
    'Exits 0; 3: the run has not finished, or orders of it have failed; 2: it could not run.',
    'With --cancel: exits 0 where it canceled the run, 3 where the run had ended before.',
  ],
  options: {
    cancel: { help: 'ends the run before its next order; needs --actor and --reason' },
    ...personOptions,
    ...storeOption,
    ...jsonOption,
  },
  run: (invocation) => {
    const { options, positionals } = invocation;
    const [runId] = positionals;
    if (!options.flag('cancel')) options.refuse(['actor', 'reason'], 'is for --cancel alone. Say --cancel too, or leave it out');
    const by = options.flag('cancel') ? whoAsks(options) : undefined;
    if (by && runId === undefined) throw new LedgerError('invalid_input', 'Which run is to be canceled? `paidonce runs` lists them');
    return withLedger(invocation, async ({ runs }) => {
      if (runId === undefined) return show(invocation, await allRuns(runs));
      const { outcome } = by ? await runs.cancel(runId, by) : {};
      const run = await runs.run(runId);
      if (!run) throw new LedgerError('invalid_input', `There is no run ${runId}. \`paidonce runs\` lists them`);
      show(invocation, [run], defined({ outcome }));
      if (!options.flag('json')) {
        for (const { orderId, error } of run.failures) invocation.terminal.out(`order ${orderId}: ${error}`);
        if (outcome === 'ended') invocation.terminal.out('It had ended: nothing was canceled.');
      }
      if (outcome !== undefined) return outcome === 'canceled' ? 0 : 3;
      return run.state === 'finished' && run.failed === 0 ? 0 : 3;
    });
  },
};

async function allRuns(runs: BulkRuns): Promise<readonly Run[]> {
  const all: Run[] = [];
  let page = await runs.runs();
  for (;;) {
    all.push(...page.items);
    if (page.next === undefined) return all;
    page = await runs.runs({ after: page.next });
  }
}

function show({ options, terminal }: Invocation, runs: readonly Run[], canceling: { readonly outcome?: 'canceled' | 'ended' } = {}): 0 {
  if (options.flag('json')) terminal.out(JSON.stringify({ ...canceling, runs }));
  else if (runs.length === 0) terminal.out('No bulk run was ever started.');
  else for (const run of runs) terminal.out(lineOf(run));
  return 0;
}

function lineOf({ runId, kind, by, state, count, done, skipped, failed, startedAt }: Run): string {
  const paused = state === 'paused' ? ' (the shop still refuses; it goes on by itself)' : '';
  return `${startedAt}  ${runId}: ${kind} by ${by.actor} (${by.reason}), ${state}${paused}; ${done} done, ${skipped} skipped, ${failed} failed of ${count}`;
}

/** Returns for how many. */
async function askSubscriptions(invocation: Invocation, by: ManualAction): Promise<number> {
  const log = await openReader(storeUrl(invocation.options.text('store'), invocation.env), invocation);
  try {
    const { undeliveredSubscriptions } = await waitingIn(log);
    const wanted = undeliveredSubscriptions.map(({ subscriptionId: id, sequence }) => ({ type: 'subscription' as const, id, sequence }));
    return await askDeliveries(invocation, log, wanted, by);
  } finally {
    await log.close();
  }
}

/** The ledger alone: it delivers nothing and follows nothing, so that it does no more than the command says. */
async function withLedger<T>(invocation: Invocation, use: (ledger: PaymentLedger) => Promise<T>): Promise<T> {
  const { options, env, terminal, runtime = {} } = invocation;
  const { store } = await openWritableStore(storeUrl(options.text('store'), env), { terminal });
  await using ledger = createPaymentLedger({ eventStore: store, background: false, readModels: ':memory:', runtime });
  return await use(ledger);
}
