// Replaces the real source by a mutant while the modules load. Call it only in a separate process, because it affects every
// module that the process loads.
import { registerHooks } from 'node:module';
import type { Edit, Mutant } from './mutants.ts';

const ledgerSource = new URL('../../', import.meta.url);

/**
 * From now on the files of the mutant load with its edits. Throws when such a file does not have a text exactly once.
 * @param sourceRoot the folder that the mutant's paths begin at. Default: the ledger's `src/`.
 * @returns a function to call after all modules are loaded. It throws if an edit was not made.
 */
export function mutate(mutant: Mutant, sourceRoot: URL = ledgerSource): () => void {
  const made = new Set<Edit>();
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      const edits = mutant.edits.filter(({ file }) => new URL(file, sourceRoot).href === url);
      if (edits.length === 0) return loaded;
      let text = sourceText(loaded.source);
      for (const edit of edits) {
        if (text.split(edit.find).length !== 2) throw unmade(mutant, edit, 'its text does not stand there exactly once');
        text = text.replace(edit.find, () => edit.replace);
        made.add(edit);
      }
      return { ...loaded, source: text };
    },
  });
  return () => {
    for (const edit of mutant.edits) if (!made.has(edit)) throw unmade(mutant, edit, 'the file was not loaded');
  };
}

function sourceText(source: unknown): string {
  if (typeof source === 'string') return source;
  if (source instanceof Uint8Array) return new TextDecoder().decode(source);
  throw new Error('A mutated file was loaded without its text');
}

function unmade({ name }: Mutant, { file, find }: Edit, why: string): Error {
  return new Error(`Mutant "${name}" cannot be made in ${file}: ${why}. Write it anew in mutants.ts for the source of today: ${find}`);
}
