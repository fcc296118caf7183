// What an entry of a package exports, as text: read from the declarations of the build by the compiler, without comments, in
// the order of the alphabet. So a change to what users see is a line in a diff. `typescript/unstable` is the only API that
// TypeScript 7.0 has: another version of it may need other code here.
import { realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import {
  isExportDeclaration,
  isExportSpecifier,
  isIdentifier,
  isSourceFile,
  isVariableDeclaration,
  type Node,
} from 'typescript/unstable/ast';
import { API, type Checker, type Symbol as CompilerSymbol, type Snapshot, SymbolFlags } from 'typescript/unstable/sync';

export interface Entry {
  /** As a user imports it: `@paidonce/ledger/sqlite`. */
  readonly name: string;
  /** Where the declarations of its package are. */
  readonly folder: string;
  /** Its own, in there. */
  readonly file: string;
}

/** A report for each entry: what it exports, then what that rests on in the same folder and the entry does not export. */
export function apiReports(entries: readonly Entry[]): readonly string[] {
  const api = new API();
  try {
    const real = entries.map((entry) => ({ ...entry, folder: realpathSync(entry.folder) }));
    const snapshot = api.updateSnapshot({ openFiles: real.map(({ folder, file }) => join(folder, file)) });
    return real.map((entry) => reportOf(entry, snapshot));
  } finally {
    api.close();
  }
}

/** What differs, in whole declarations: `-` as committed, `+` as built. */
export function differences(committed: string, built: string): readonly string[] {
  const declarations = (text: string): readonly string[] => text.trimEnd().split('\n\n');
  const onlyIn = (text: string, other: string, sign: string): readonly string[] =>
    declarations(text)
      .filter((each) => !declarations(other).includes(each))
      .flatMap((each) => each.split('\n').map((line) => `${sign} ${line}`));
  return [...onlyIn(committed, built, '-'), ...onlyIn(built, committed, '+')];
}

function reportOf({ name, folder, file }: Entry, snapshot: Snapshot): string {
  const path = join(folder, file);
  const project = snapshot.getDefaultProjectForFile(path);
  const source = project?.program.getSourceFile(path);
  const module = source && project?.checker.getSymbolAtLocation(source);
  if (!project || !module) throw new Error(`${path} exports nothing. Run: npm run build`);
  const { checker, emitter } = project;
  const print = (symbol: CompilerSymbol): string =>
    statementsOf(symbol)
      .map((node) => emitter.printNode(node))
      .join('\n');

  const exported = checker.getExportsOfModule(module).map((symbol) => ({ symbol, origin: originOf(symbol, checker), name: symbol.name }));
  const shown = exported.toSorted(byName).map(({ symbol, origin }) => exportNote(symbol, origin) + print(origin));

  const origins = new Set(exported.map(({ origin }) => origin));
  const reached = new Set(origins);
  // A set grows while it is walked: what is reached from what was reached is walked too.
  for (const symbol of reached) for (const each of referencesOf(symbol, folder, checker)) reached.add(each);
  const behind = [...reached].slice(origins.size).toSorted(byName).map(print);

  const parts = [`# ${name}`, ...shown, ...(behind.length > 0 ? ['# Not exported, but reached', ...behind] : [])];
  return `${parts.join('\n\n')}\n`;
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return Number(a.name > b.name) - Number(a.name < b.name);
}

function originOf(symbol: CompilerSymbol, checker: Checker): CompilerSymbol {
  return symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** What the declaration alone does not show: that it has another name here, or that of a class only the type is exported. */
function exportNote(symbol: CompilerSymbol, origin: CompilerSymbol): string {
  const renamed = symbol.name === origin.name ? '' : `// Exported as ${symbol.name}.\n`;
  const specifier = symbol.declarations[0]?.resolve();
  if (!specifier || !isExportSpecifier(specifier) || !(origin.flags & SymbolFlags.Value)) return renamed;
  const statement = specifier.parent.parent;
  const typeOnly = specifier.isTypeOnly || (isExportDeclaration(statement) && statement.isTypeOnly);
  return typeOnly ? `${renamed}// Exported as a type only.\n` : renamed;
}

/** The statements at the top of a file that declare it: of a function, one for each overload. */
function statementsOf(symbol: CompilerSymbol): readonly Node[] {
  return symbol.declarations.map((handle) => {
    const statement = topStatement(handle.resolve());
    if (statement === undefined) throw new Error(`${symbol.name} in ${handle.path}: no declaration at the top of a file`);
    return statement;
  });
}

function topStatement(node: Node | undefined): Node | undefined {
  const statement = node && isVariableDeclaration(node) ? node.parent.parent : node;
  return statement?.parent && isSourceFile(statement.parent) ? statement : undefined;
}

function referencesOf(symbol: CompilerSymbol, folder: string, checker: Checker): readonly CompilerSymbol[] {
  if (!isIn(folder, symbol)) return [];
  const identifiers: Node[] = [];
  const collect = (node: Node): void => {
    if (isIdentifier(node)) identifiers.push(node);
    node.forEachChild(collect);
  };
  statementsOf(symbol).forEach(collect);
  return checker
    .getSymbolAtLocation(identifiers)
    .filter((each) => each !== undefined)
    .map((each) => originOf(each, checker))
    .filter((each) => isIn(folder, each) && topStatement(each.declarations[0]?.resolve()) !== undefined);
}

/** What comes from another package stands in the report of that. */
function isIn(folder: string, { declarations }: CompilerSymbol): boolean {
  return declarations[0]?.path.startsWith(folder + sep) ?? false;
}
