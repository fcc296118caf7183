// The command `paidonce postgres-schema` prints the schema of the log as SQL, for shops that run their migrations by hand.
import type { Command } from '../command-line/command.ts';
import { LedgerError } from '../errors.ts';
import { checkSchemaName, defaultSchema, schemaScript } from '../event-store/postgres/schema.ts';

export const postgresSchemaCommand: Command = {
  positionals: [],
  details: ['A shop whose role may make a schema needs none of it: the store makes it when it is opened first. Else: … | psql DATABASE'],
  options: {
    schema: { value: 'NAME', help: `one for each ledger. Default: ${defaultSchema}` },
    grants: { value: 'ROLE', help: 'also the rights of a role that appends: it can change nothing that is there' },
    'read-grants': { value: 'ROLE', help: 'also the rights of a role that only reads, for audits' },
  },
  run: async ({ options, terminal }) => {
    const [append, read] = [roleIn(options.text('grants')), roleIn(options.text('read-grants'))];
    const schema = checkSchemaName(options.text('schema') ?? defaultSchema);
    await terminal.write(schemaScript(schema, { ...(append && { append }), ...(read && { read }) }));
    return 0;
  },
};

function roleIn(role: string | undefined): string | undefined {
  if (role === undefined) return undefined;
  if (role === '' || role.includes('\0')) throw new LedgerError('invalid_input', 'A role has a name');
  return /^[a-z_][a-z0-9_]*$/.test(role) ? role : `"${role.replaceAll('"', '""')}"`;
}
