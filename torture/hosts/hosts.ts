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
  /** What `npm start` sets. */
  readonly env?: Readonly<Record<string, string>>;
}

const onFastify: NonNullable<Host['changes']> = [
  ['src/main.ts', 'NestFactory.create(AppModule)', 'NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter())'],
  [
    'src/main.ts',
    "from '@nestjs/core';",
    "from '@nestjs/core';\nimport { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';",
  ],
];

function nest(major: 11 | 12, module: 'commonjs' | 'module', platform: 'express' | 'fastify'): Host {
  const changes: NonNullable<Host['changes']> = [
    ['package.json', /"type": "\w+"/, `"type": "${module}"`],
    ...(platform === 'fastify' ? onFastify : []),
  ];
  return { example: 'nest', verify: false, with: `nest-${major}`, changes, scripts: ['build'], start: ['dist/main.js'] };
}

export const hosts: Readonly<Record<string, Host>> = {
  express: { example: 'express', verify: true, scripts: ['check'], start: ['main.ts'] },
  fastify: { example: 'fastify', verify: false, scripts: ['check'], start: ['main.ts'] },
  hono: { example: 'hono', verify: true, scripts: ['check'], start: ['main.ts'] },
  'nest, as the example is: 12, ESM, Express': { example: 'nest', verify: true, scripts: ['build'], start: ['dist/main.js'] },
  'nest 11, CommonJS, Express': nest(11, 'commonjs', 'express'),
  'nest 11, CommonJS, Fastify': nest(11, 'commonjs', 'fastify'),
  'nest 11, ESM, Express': nest(11, 'module', 'express'),
  'nest 11, ESM, Fastify': nest(11, 'module', 'fastify'),
  'nest 12, CommonJS, Express': nest(12, 'commonjs', 'express'),
  'nest 12, CommonJS, Fastify': nest(12, 'commonjs', 'fastify'),
  'nest 12, ESM, Fastify': nest(12, 'module', 'fastify'),
  next: {
    example: 'next',
    verify: true,
    scripts: ['build', 'check'],
    start: ['node_modules/next/dist/bin/next', 'start'],
    env: { NEXT_MANUAL_SIG_HANDLE: 'true' },
  },
};
