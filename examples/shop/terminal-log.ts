// The log of `npm start`: warnings and errors on the terminal, each with the error behind it. A shop of your own gives its logger.
import type { Logger } from '@paidonce/ledger';

/** @param write prints one line. */
export function terminalLog(write: (line: string) => void): Logger {
  return {
    info: (_fields, message) => {
      if (message.startsWith('console:')) write(message); // Who signed in; the rest is for a log of your own.
    },
    warn: (fields, message) => write(`warning: ${message}${details(fields)}`),
    error: (fields, message) => write(`error: ${message}${details(fields)}`),
  };
}

/** Returns ` (orderId o-1, sequence 1)`, and below it the error with its stack: a `deliver` that fails is the reader's own code. */
function details(fields: object): string {
  const { err, ...named } = fields as { readonly err?: unknown };
  const texts = Object.entries(named).map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`);
  const where = texts.length === 0 ? '' : ` (${texts.join(', ')})`;
  if (err === undefined) return where;
  const text = err instanceof Error ? (err.stack ?? `${err.name}: ${err.message}`) : String(err);
  return `${where}\n  ${text.replaceAll('\n', '\n  ')}`;
}
