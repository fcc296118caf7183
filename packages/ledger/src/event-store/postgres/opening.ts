// Opens the log: asks the server, makes or checks the schema, proves the lock. A server that is starting is waited for; wrong
// settings are told at once.
import { LedgerError } from '../../errors.ts';
import type { PostgresClient, Row } from './client.ts';
import { callFailed, type FailureMeaning } from './failure.ts';
import { migrate } from './migrate.ts';
import { checkLock, checkServer } from './opening-check.ts';
import type { CheckedOptions } from './options.ts';
import { type RetryPolicy, retryReading } from './retry.ts';
import { checkSchema, missingRights } from './schema-check.ts';

/**
 * @returns warnings, each a sentence: what may stay as it is, and what an operator should know.
 * @throws LedgerError `invalid_input`: server, role or schema cannot be used; the message has the remedy. `file_newer`.
 *   `store_unavailable`: the server did not answer in time.
 */
export async function openLog(policy: RetryPolicy, options: CheckedOptions): Promise<readonly string[]> {
  const { schema, create, readOnly, attemptTimeoutMs, runtime } = options;
  const what = 'Opening the event store';
  const refuse = (meaning: FailureMeaning, error: unknown): Error | undefined => settingsError(policy, what, meaning, error);
  const warnings = await retryReading(policy, {
    what,
    refuse,
    attempt: () =>
      policy.connections.use(attemptTimeoutMs * 2, async (client) => {
        const warned = await checkServer(client, readOnly);
        await withRights(client, options, () => migrate(client, schema, create && !readOnly));
        await withRights(client, options, () => checkSchema(client, schema, readOnly));
        return warned;
      }),
  });
  if (readOnly) return warnings;
  const key = Math.floor(runtime.random() * 2 ** 31); // Not the log's own: nobody waits for this one.
  await retryReading(policy, { what, refuse, attempt: () => checkLock(policy.connections, attemptTimeoutMs, key) });
  return warnings;
}

/** A role without rights gets the grants, with its own name in them. */
async function withRights<T>(client: PostgresClient, { schema, readOnly, create }: CheckedOptions, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as { code?: unknown }).code !== '42501') throw error;
    const { rows } = await client.query('select current_user::text as role, current_database()::text as database');
    const { role, database } = rows[0] as Row;
    const { message } = error as Error;
    if (!create || readOnly || !/ database /.test(message)) throw missingRights(schema, String(role), readOnly, message);
    throw new LedgerError(
      'invalid_input',
      `The role ${role} may not make the schema ${schema} in the database ${database} (${message}). As the owner of the database run ` +
        `paidonce postgres-schema --schema ${schema} --grants ${role} | psql; or: grant create on database ${database} to ${role};`,
      { cause: error },
    );
  }
}

/** What no other attempt would mend: then the message names the setting. */
function settingsError({ timeoutMs }: RetryPolicy, what: string, meaning: FailureMeaning, error: unknown): LedgerError | undefined {
  if (meaning.kind === 'again' && meaning.permanent)
    return new LedgerError('invalid_input', `${what}: ${meaning.advice}`, { cause: error });
  if (meaning.kind === 'refused') {
    const failed = callFailed({ what, meaning, error, inDoubt: false, timeoutMs });
    return meaning.code === 'store_unavailable' ? new LedgerError('invalid_input', failed.message, { cause: error }) : failed;
  }
  return undefined;
}
