// The hosts, each an example in a folder of its own, and how it is made, checked and started there.

export interface Host {
  /** Below `examples`. */
  readonly example: string;
  /** Also in `npm run verify`; the others only in `npm run torture -- --hosts`. */
  readonly verify: boolean;
  /** A folder beside this file, whose files replace those of the example: the same source with other versions. */
  readonly with?: string;
  /** What the README says to change: file, text, its replacement. */
  readonly changes?: readonly (readonly [file: string, from: string | RegExp, to: string])[];
  /** Scripts of its package.json, in order. Each must succeed. */
  readonly scripts: readonly string[];
  /** What `npm start` runs, without `node`. */
  readonly start: readonly string[];
}

export const hosts: Readonly<Record<string, Host>> = {
  express: { example: 'express', verify: true, scripts: ['check'], start: ['main.ts'] },
  fastify: { example: 'fastify', verify: false, scripts: ['check'], start: ['main.ts'] },
  hono: { example: 'hono', verify: true, scripts: ['check'], start: ['main.ts'] },
};
