// The program of `npm start`: runs the example shop until Ctrl-C.
import { randomBytes } from 'node:crypto';
import { LedgerError } from '@paidonce/ledger';
import { banner } from './banner.ts';
import { readSettings, type Settings, SettingsError } from './settings.ts';
import { openShop, type Shop } from './shop.ts';
import { terminalLog } from './terminal-log.ts';

const log = terminalLog((line) => console.error(line));

try {
  const settings = withConsole(readSettings(process.env));
  const shop = await openShop(settings, log);
  closeOn(['SIGINT', 'SIGTERM'], shop);
  for (const line of banner(settings, shop, Boolean(process.env['OPERATOR_PASSWORD']))) console.log(line);
} catch (error) {
  console.error(problem(error));
  process.exitCode = isForUser(error) ? 2 : 1;
}

/** A setting is missing or wrong: another start with the same settings would end the same way. */
function isForUser(error: unknown): boolean {
  return error instanceof SettingsError || (error instanceof LedgerError && error.code === 'invalid_input');
}

/** Adds a console with a random password, unless the shop is one of several replicas: those need the same password. */
function withConsole(settings: Settings): Settings {
  if (settings.behind || settings.operatorPassword !== undefined) return settings;
  return { ...settings, operatorPassword: randomBytes(12).toString('base64url') };
}

/** Closes the shop at a signal. A second signal ends the process at once. */
function closeOn(signals: readonly NodeJS.Signals[], shop: Shop): void {
  for (const signal of signals) {
    process.once(signal, () => {
      shop[Symbol.asyncDispose]().then(undefined, (error: unknown) => {
        console.error(problem(error));
        process.exitCode = 1;
      });
    });
  }
}

/** Returns one line for a problem that the user can solve. Any other error is a bug, and keeps its stack. */
function problem(error: unknown): unknown {
  if (error instanceof SettingsError) return error.message;
  if (error instanceof LedgerError) return `${error.code}: ${error.message}`;
  if (!(error instanceof Error)) return error;
  const { code, port } = error as { code?: string; port?: number };
  if (code === 'EADDRINUSE') return `Port ${port} is taken. Stop what listens there, or choose another one: PORT=4000 npm start`;
  return /^Port \d+ is taken|held by another/.test(error.message) ? error.message : error;
}
