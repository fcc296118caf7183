// `paidonce-stripe import`: takes over the subscriptions of a shop that runs them by its own webhooks; and what `backfill
// --subscriptions` shares with it.
import { LedgerError } from '@paidonce/ledger';
import { type Command, createOption, type ExitCode, type Invocation, jsonOption, type OptionSpec } from '@paidonce/ledger/command-line';
import { backfillSubscriptions } from '../operations/backfill-subscriptions.ts';
import { importSubscriptions } from '../operations/import-subscriptions.ts';
import type {
  DifferenceKind,
  DifferingSubscription,
  ImportedSubscription,
  ImportedSubscriptions,
} from '../operations/imported-subscriptions.ts';
import { type NamedSubscription, subscriptionsIn } from '../operations/shop-subscriptions.ts';
import { readGiven, shopOptions, withShop } from './command-context.ts';

/** Before anything was recorded under one, the log cannot say what is a plan. */
export const policyOption: Readonly<Record<string, OptionSpec>> = {
  policy: { value: 'FILE', help: 'the policy of subscriptions as JSON, as the shop gives it, where the log has none yet' },
};

export const importCommand: Command = {
  positionals: [],
  details: [
    'The file is CSV with a heading, a line for each subscription: subscription (sub_…), member, plan, active (true or false), and',
    "where there are any until (a time, or a day), id (its id in the ledger; default: Stripe's), kind and account (a connected one).",
    'A line that cannot be read is named, and then nothing is imported. Each one is read at Stripe and decided. Where the shop and',
    'Stripe agree, it is placed and settled: the shop has it, and is not informed. Where they differ, the line says in what, and it',
    'is left alone. Run it again until none is left. With --dry-run each line shows what would be decided, and nothing is written.',
    'Exits 0; 3: some differ, or need a person; 2: it could not run.',
  ],
  options: {
    subscriptions: { value: 'FILE', help: "the shop's subscriptions, CSV with a heading" },
    'dry-run': { help: 'decide and compare, and change nothing' },
    actor: { value: 'ID', help: 'who imports; it stays in the log. Default: import' },
    ...policyOption,
    ...createOption,
    ...shopOptions,
    ...jsonOption,
  },
  run: (invocation) => {
    const file = invocation.options.required('subscriptions', "the shop's subscriptions, as CSV");
    return takeIn(invocation, () => subscriptionsIn(readGiven('subscriptions', file)), importSubscriptions, 'import');
  },
};

/** `backfill --subscriptions`. */
export function backfillSubscriptionsOf(invocation: Invocation): Promise<ExitCode> {
  const { options } = invocation;
  const beside = ['orders', 'since'].find((name) => options.text(name) !== undefined);
  if (beside !== undefined) {
    throw new LedgerError('invalid_input', `--${beside} is about orders, and --subscriptions about all subscriptions. Give one of them`);
  }
  const file = options.text('members');
  const read = () => (file === undefined ? [] : subscriptionsIn(readGiven('members', file)));
  return takeIn(invocation, read, backfillSubscriptions, 'backfill');
}

type Work = typeof importSubscriptions;

async function takeIn(invocation: Invocation, read: () => readonly NamedSubscription[], work: Work, actor: string): Promise<ExitCode> {
  const { options, terminal } = invocation;
  try {
    return await takeListed(invocation, read(), work, actor); // Read before anything is opened.
  } catch (error) {
    if (!(error instanceof LedgerError && error.message.includes('\n')) || options.flag('json')) throw error;
    terminal.endProgress();
    for (const line of error.message.split('\n')) terminal.err(line);
    return 2;
  }
}

function takeListed(invocation: Invocation, subscriptions: readonly NamedSubscription[], work: Work, actor: string): Promise<ExitCode> {
  const { options, terminal } = invocation;
  return withShop(invocation, async (shop) => {
    const dryRun = options.flag('dry-run');
    const result = await work(shop.work, {
      subscriptions,
      dryRun,
      by: { actor: options.text('actor') ?? actor, reason: 'Served by the shop before it had a ledger' },
      onProgress: (what, count) => terminal.progress(what, count, subscriptions.length || undefined),
    });
    terminal.endProgress();
    if (options.flag('json')) terminal.out(JSON.stringify(result));
    else for (const line of linesOf(result, dryRun)) terminal.out(line);
    return result.differing.length + result.problems.length === 0 ? 0 : 3;
  });
}

function linesOf(result: ImportedSubscriptions, dryRun: boolean): readonly string[] {
  const { examined, imported, granted, known, differing, problems, notOurs, calls } = result;
  const would = dryRun ? 'would be ' : '';
  const counts = `${imported} ${would}imported, ${granted} ${would}granted, ${known} known, ${differing.length} differ`;
  return [
    ...(dryRun ? result.subscriptions.filter(({ outcome }) => outcome !== 'known').map(decidedLine) : []),
    ...differing.map(differingLine),
    ...problems.map((problem) => `needs a person: ${problem}`),
    `${examined} subscriptions: ${counts}, ${problems.length} for a person, ${notOurs} of others; ${calls} calls.`,
  ];
}

function decidedLine({ subscription, memberId, plan, quantity, status, validUntil }: ImportedSubscription): string {
  const access = status === 'active' ? `active, ${plan} × ${quantity}, valid until ${validUntil}` : 'no access';
  return `would be decided: ${subscription} of member ${memberId} · ${access}`;
}

const labels: Readonly<Record<DifferenceKind, string>> = {
  active_but_unpaid: 'active, but unpaid',
  paid_but_inactive: 'paid, but inactive',
  plan_differs: 'plans differ',
  until_differs: 'ends differ',
};

function differingLine({ kinds, subscription, memberId, shop, stripe }: DifferingSubscription): string {
  return `${kinds.map((kind) => labels[kind]).join(' and ')}: ${subscription} of member ${memberId} · shop: ${shop} · Stripe: ${stripe}`;
}
