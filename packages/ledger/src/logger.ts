// Where the ledger writes operational messages. Not the event log.

/** Three levels, in the call style of pino: the fields first (`err`: an error), then the message. Must not throw. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Discards everything. */
export const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
