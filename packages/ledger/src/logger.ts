// a place to write what happened; not the event log

export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
