// What became of a decision at the shop, in words.
import { durationText } from './duration.ts';
import type { Language } from './language.ts';
import type { RowBelow } from './row-text-types.ts';
import type { DeliveryTold, EntryOf } from './row-types.ts';
import type { RowWords } from './row-words.ts';
import { joined, type Sentence, say } from './sentence.ts';

/** Failed attempts that are shown one by one before the last: the others are counted. */
const shownFirst = 2;

export function deliveryText(told: DeliveryTold, sequence: number, words: RowWords, language: Language): readonly RowBelow[] {
  const { state, failures, saved, replacedBy } = told;
  const attempts = failures.length > 0 ? [attemptsText(failures, words)] : [];
  switch (state) {
    case 'saved': {
      const head = words.saved(durationText(saved?.afterMs ?? 0, language));
      return [{ tone: 'ok', head, note: words.decisionAttempt(sequence, failures.length + 1), lines: attempts }];
    }
    case 'imported':
      return [{ tone: 'ok', head: words.imported(), note: words.decision(sequence), lines: attempts }];
    case 'found':
      return [{ tone: 'ok', head: words.found(), note: words.decision(sequence), lines: attempts }];
    case 'replaced':
      return [{ tone: 'plain', head: words.replaced(replacedBy ?? sequence), lines: attempts }];
    case 'waiting':
      return [{ tone: 'warn', head: words.waiting(), note: words.decision(sequence), lines: [] }];
    case 'failing':
      return [{ tone: 'bad', head: words.couldNotSave(failures.length), lines: [...attempts, ...nextText(told, words)] }];
    case 'abandoned':
      return [{ tone: 'bad', head: words.couldNotSave(failures.length), lines: [...attempts, words.abandoned()] }];
  }
}

function nextText({ nextTryAt, failures }: DeliveryTold, words: RowWords): readonly Sentence[] {
  if (nextTryAt === undefined) return [];
  const instance = failures.at(-1)?.instance;
  return [words.nextAttempt({ time: nextTryAt }, instance === undefined ? undefined : { id: instance })];
}

/** The first two, how many more, and the last. */
function attemptsText(failures: readonly EntryOf<'delivery_failed'>[], words: RowWords): Sentence {
  const attempt = (failure: EntryOf<'delivery_failed'>): Sentence => say`${{ time: failure.at }} ${errorName(failure, words)}`;
  const last = failures.at(-1);
  const hidden = failures.length - shownFirst - 1;
  const shown =
    hidden > 0 && last ? [...failures.slice(0, shownFirst).map(attempt), words.moreAttempts(hidden), attempt(last)] : failures.map(attempt);
  return joined(shown, ' · ');
}

/** The name of the error, where it was kept. */
export function errorName(failure: EntryOf<'delivery_failed'>, words: RowWords): string {
  const { error, reason } = failure;
  return error ? (error.code ?? error.name) : reason === 'timeout' ? words.timeout : words.unnamedError;
}
