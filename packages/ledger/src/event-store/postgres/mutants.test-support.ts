// Faults that the scenarios must find: each is a patch of the source's text, and the scenario that it breaks.
import type { Mutant } from '../../testing/simulation/mutants.ts';

export interface StoreMutant extends Mutant {
  readonly scenario: string;
}

function mutant(name: string, scenario: string, file: string, find: string, replace: string): StoreMutant {
  return { name, scenario, edits: [{ file: `event-store/postgres/${file}`, find, replace }] };
}

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: text of the source
const lock = '  perform pg_advisory_xact_lock(${lockClass}, ${lockKey(schema)});\n';
const head = '  select coalesce(max(e.position), 0) into head from ${schema}.events e;\n';
const known = 'known_position > 0 and not exists (select from ${schema}.events e where e.position = known_position and e.id = known_id)';

export const storeMutants: readonly StoreMutant[] = [
  mutant('no lock', 'racing', 'append-function.ts', lock, ''),
  mutant('the lock after the head was read', 'racing', 'append-function.ts', `${lock}${head}`, `${head}${lock}`),
  mutant(
    'any isolation',
    'racing as repeatable_read',
    'append-function.ts',
    "if current_setting('transaction_isolation') <> 'read committed' then",
    'if false then',
  ),
  mutant('a stream twice in a group', 'inOrder', 'writer.ts', 'streams.add(stream);', 'streams.add(`${stream} ${streams.size}`);'),
  mutant('each append of a set is judged alone', 'together', 'append-function.ts', '(partition by a.together)', '(partition by a.i)'),
  mutant('plans are made for tables as they are', 'growing', 'append-function.ts', "  ['enable_seqscan', 'off'],\n", ''),
  mutant('appends do not ask for the known event', 'wentBack', 'append-function.ts', `if ${known} then`, 'if false then'),
  mutant(
    'reads do not ask for the known event',
    'wentBack',
    'reader.ts',
    'case when $1::bigint > 0 and not exists',
    'case when false and not exists',
  ),
  mutant(
    'a replica is compared before it says that it is one',
    'laggingReplica',
    'append-function.ts',
    'begin\n  if pg_is_in_recovery() then',
    `begin\n  if ${known} then raise exception using errcode = '\${wentBackCode}'; end if;\n  if pg_is_in_recovery() then`,
  ),
  mutant('reads of a replica are answers', 'laggingReplica', 'reader.ts', "if (replica !== 'true') return;", 'return;'),
  mutant(
    'a follower asks a replica for the known event',
    'laggingReplica',
    'reader.ts',
    'const rows = await this.#ask(this.#sql.head, (known) => [...known]);',
    `const rows = await this.#reading.policy.connections.use(this.#reading.policy.attemptTimeoutMs, async (client) => {
      const { id, position } = this.#reading.known.event ?? { id: '', position: 0 };
      return (await client.query(this.#sql.head, [position, id])).rows as Row[];
    });
    this.#proveKnown(rows[0] as Row);`,
  ),
  mutant('an audit asks a replica for the known event', 'laggingReplica', 'reader.ts', 'if (missed !== null)', 'if (false)'),
  mutant(
    'a client without an answer goes back to the pool',
    'silence',
    'connections.ts',
    '  client.release(error instanceof Error ? error : true);\n  destroySocket(client);',
    '  client.release();',
  ),
  mutant(
    'the schema is looked for in a cache',
    'opening',
    'migrate.ts',
    `\`select 1 as found from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = 'about'\``,
    "`select 1 as found from pg_catalog.to_regclass($1 || '.about') r where r is not null`",
  ),
  mutant(
    'a cancelled wait for the standby is an acknowledgement',
    'unconfirmed',
    'append-call.ts',
    'if (code === warning) unconfirmed = true;',
    '',
  ),
  mutant(
    'a repetition does not wait for the standby',
    'unconfirmed',
    'append-function.ts',
    "if repeated and current_setting('synchronous_standby_names') <> '' then",
    'if false then',
  ),
  mutant(
    'COMMIT waits only where the role says so',
    'unconfirmed as one that does not wait',
    'append-function.ts',
    "if current_setting('synchronous_commit') = 'off' then",
    'if false then',
  ),
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: text of the source
