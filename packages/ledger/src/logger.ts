// Where a process reports what happens in it. This is not the event log.

/** Three levels, in the call style of pino: the fields first (`err`: an error), then the message. Must not throw. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Discards everything. */
export const silentLogger: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
