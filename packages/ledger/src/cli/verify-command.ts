// The command `paidonce verify` verifies a log, also against checkpoints that are kept elsewhere.

import { positionText } from '../audit/log/log-row.ts';
import { type Finding, rules } from '../audit/verify/finding.ts';
import { verifyLog } from '../audit/verify/verify.ts';
import { type Command, readingOptions } from '../command-line/command.ts';
import { grouped } from '../command-line/terminal.ts';
import { LedgerError } from '../errors.ts';
import { readCheckpoints, readVerifiers } from './key-files.ts';
import { asOfIn, measured, withCopy, withLog } from './open-log.ts';

export const verifyCommand: Command = {
  positionals: [],
  details: ['Rules:', ...Object.entries(rules).map(([rule, meaning]) => `  ${rule.padEnd(12)}  ${meaning}`)],
  options: {
    ...readingOptions,
    checkpoints: { value: 'FILE', multiple: true, help: 'signed checkpoints, kept where the operator of the log cannot write' },
    key: { value: 'KEY|FILE', multiple: true, help: 'public key whose checkpoints count' },
  },
  run: async (invocation) => {
    const { options, terminal } = invocation;
    const checkpoints = readCheckpoints(options.texts('checkpoints'));
    const keys = readVerifiers(options.texts('key'));
    if (checkpoints.length > 0 && keys.length === 0) {
      throw new LedgerError('invalid_input', '--key is missing: without the public key anybody may have signed these checkpoints');
    }
    if (checkpoints.length === 0) options.refuse(['key'], 'counts for checkpoints. Say where they are: --checkpoints FILE');
    return withLog(invocation, async (log) => {
      const measure = measured(invocation, 'verify', log, withCopy(log, 2)); // Each event is read twice: to hash it, and to judge it.
      const verification = await verifyLog(log, {
        ...(await asOfIn(invocation, log)),
        checkpoints,
        keys,
        onEvents: measure.onEvents,
      });
      const took = measure.end(verification.events);
      const { found, findings, size, root } = verification;
      if (options.flag('json')) {
        terminal.out(JSON.stringify(verification));
        return found > 0 ? 3 : 0;
      }
      for (const finding of findings) for (const line of findingLines(finding)) terminal.out(line);
      const { streams, orders, subscriptions, appends, covered } = verification;
      const also = subscriptions > 0 ? `, ${grouped(subscriptions)} subscriptions` : '';
      terminal.out(`${grouped(streams)} streams, ${grouped(orders)} orders${also}, ${grouped(appends)} appends decided again; ${took}.`);
      for (const { hash, position, policy } of verification.policies) {
        const fields = Object.entries(policy).map(([name, does]) => `${name} ${typeof does === 'object' ? JSON.stringify(does) : does}`);
        terminal.out(`Policy ${hash.slice(0, 12)}, adopted at position ${positionText(position)}: ${fields.join(', ')}.`);
      }
      terminal.out(`Tree${size === verification.events ? '' : `, of all ${grouped(size)} events`}: ${root}`);
      terminal.out(
        verification.checkpoints === 0
          ? 'No checkpoint was given: that the log is the one of last week is not proved.'
          : `Checkpoints: ${verification.checkpoints}, the largest over ${grouped(covered)} events.`,
      );
      terminal.out(
        found === 0 ? 'Nothing found.' : `Found: ${grouped(found)}${found > findings.length ? ` (${findings.length} listed)` : ''}.`,
      );
      return found > 0 ? 3 : 0;
    });
  },
};

function findingLines({ rule, stream, revision, position, eventId, type, expected, found }: Finding): readonly string[] {
  const event =
    revision === undefined ? stream : `${stream}@${revision} (${type}, position ${positionText(position ?? '')}, id ${eventId})`;
  return [`${event} breaks ${rule}`, `  rule:     ${rules[rule]}`, `  expected: ${expected}`, `  found:    ${found}`, ''];
}
