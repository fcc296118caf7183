// The command `paidonce replay` rebuilds the read models from the log, and compares them with the live ones row by row.
import { existsSync } from 'node:fs';
import { replayLog } from '../audit/replay/replay.ts';
import { type Command, readingOptions } from '../command-line/command.ts';
import { grouped } from '../command-line/terminal.ts';
import { asOfIn, measured, withCopy, withLog } from './open-log.ts';

export const replayCommand: Command = {
  positionals: [],
  details: ['With --as-of they are rebuilt as they were, and counted: the live ones are of now.'],
  options: {
    ...readingOptions,
    'read-models': { value: 'FILE', help: 'the live read models. Default: the file beside a SQLite log' },
  },
  run: async (invocation) => {
    const { options, terminal } = invocation;
    if (options.text('as-of') !== undefined)
      options.refuse(['read-models'], 'is compared with the log as it is now. Leave it out, or --as-of');
    return withLog(invocation, async (log) => {
      const measure = measured(invocation, 'replay', log, withCopy(log, 1));
      const asOf = await asOfIn(invocation, log);
      const beside = log.sqlite && `${log.sqlite.path}.read-models`;
      const readModels = options.text('read-models') ?? (beside !== undefined && existsSync(beside) ? beside : undefined);
      const replayed = await replayLog(log, {
        ...asOf,
        ...(readModels === undefined || 'asOf' in asOf ? {} : { readModels }),
        onEvents: measure.onEvents,
      });
      const took = measure.end(replayed.events);
      const { differing, differences, memberships, compared, notCompared } = replayed;
      if (options.flag('json')) {
        terminal.out(JSON.stringify(replayed));
        return differing > 0 ? 3 : 0;
      }
      for (const { subject, place, replayed: ours, live } of differences) {
        terminal.out(`${subject}: ${place}`);
        terminal.out(`  replayed: ${short(ours)}`);
        terminal.out(`  live:     ${short(live)}`);
      }
      terminal.out(`${grouped(replayed.orders)} orders replayed; ${took}.`);
      terminal.out(
        `Memberships: ${countsText(memberships)}. Open reviews: ${grouped(replayed.openReviews)}. Pending deliveries: ${grouped(replayed.pendingDeliveries)}.`,
      );
      if (replayed.subscriptions > 0)
        terminal.out(`Subscriptions: ${grouped(replayed.subscriptions)} (${countsText(replayed.subscriptionMemberships)}).`);
      if (!compared) terminal.out('There were no live read models to compare with.');
      else terminal.out(differing === 0 ? 'The live read models are the same, row by row.' : `Rows that differ: ${grouped(differing)}.`);
      if (notCompared > 0) {
        terminal.out(`Not compared: events that they have not applied yet, ${grouped(notCompared)}. Start the ledger, and run this again.`);
      }
      return differing > 0 ? 3 : 0;
    });
  },
};

function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([status, count]) => `${status} ${grouped(count)}`)
    .join(', ');
}

function short(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
