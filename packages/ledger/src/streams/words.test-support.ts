// The smallest aggregate, for tests of transactions: a list of words.
import type { Aggregate } from './aggregate.ts';

export interface Said {
  readonly type: 'Said';
  readonly data: { readonly word: string };
}
export interface Words {
  readonly revision: number;
  readonly words: readonly string[];
}

export const words: Aggregate<Words, Said> = {
  stream: (id) => `words-${id}`,
  initial: () => ({ revision: -1, words: [] }),
  read: ({ type, data }) => ({ type, data }) as Said,
  evolve: ({ revision, words: said }, { data }) => ({ revision: revision + 1, words: [...said, data.word] }),
  versionOf: () => 3,
};
