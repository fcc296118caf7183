import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { apiReports, differences } from './api-report.ts';

/** The report of `dist/index.d.ts` among these files. */
function reportOf(files: Readonly<Record<string, string>>): string | undefined {
  const root = mkdtempSync(join(tmpdir(), 'paidonce-api-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return apiReports([{ name: '@shop/till', folder: join(root, 'dist'), file: 'index.d.ts' }])[0];
}

test('exports are shown where they are declared, sorted and without comments, and then what they rest on', () => {
  const report = reportOf({
    'dist/index.d.ts': `
      export { type Till, openTill as open } from './till.ts';
      export type { Drawer } from './till.ts';
      export declare const coins: readonly number[];`,
    'dist/till.d.ts': `
      import type { Coin } from './coin.ts';
      import type { Printer } from '../other/dist/printer.ts';
      /** Opens it. */
      export declare function openTill(name: string): Till;
      export declare function openTill(name: string, printer: Printer): Till;
      export interface Till { /** In it. */ readonly coins: readonly Coin[]; }
      export declare class Drawer { open(): void; }
      export declare function unused(): void;`,
    'dist/coin.d.ts': `
      export type Coin = { readonly metal: Metal };
      export type Metal = 'gold' | 'copper';`,
    'other/dist/printer.d.ts': 'export interface Printer { print(): void; }',
  });
  expect(report).toBe(`# @shop/till

// Exported as a type only.
export declare class Drawer {
    open(): void;
}

export interface Till {
    readonly coins: readonly Coin[];
}

export declare const coins: readonly number[];

// Exported as open.
export declare function openTill(name: string): Till;
export declare function openTill(name: string, printer: Printer): Till;

# Not exported, but reached

export type Coin = {
    readonly metal: Metal;
};

export type Metal = 'gold' | 'copper';
`);
});

test('order and comments of the declarations change nothing', () => {
  const declared = ['/** One. */ export interface A { readonly b: B; }', 'interface B { readonly c: string; }', 'export type C = B;'];
  const reports = [declared, declared.toReversed()].map((lines) => reportOf({ 'dist/index.d.ts': lines.join('\n') }));
  expect(reports[0]).toBe(reports[1]);
});

test('an export that cannot be shown is refused, and so is a file that is not there', () => {
  expect(() => reportOf({ 'dist/index.d.ts': "export * as all from './all.ts';", 'dist/all.d.ts': 'export type A = 1;' })).toThrow(
    /all.*: no declaration at the top of a file/,
  );
  expect(() => reportOf({ 'dist/other.d.ts': 'export type A = 1;' })).toThrow(/index\.d\.ts exports nothing\. Run: npm run build/);
});

test('a difference is told as whole declarations', () => {
  const committed = '# till\n\nexport type A = 1;\n\nexport interface B {\n    readonly c: string;\n}\n';
  const built = committed.replace('c: string', 'c: number');
  expect(differences(committed, built)).toEqual([
    ...['- export interface B {', '-     readonly c: string;', '- }'],
    ...['+ export interface B {', '+     readonly c: number;', '+ }'],
  ]);
  expect(differences('', built).every((line) => line.startsWith('- ') || line.startsWith('+ '))).toBe(true);
});
