// A row as lines of text, for a terminal.
import { timeText } from './messages.ts';
import type { RowText } from './row-text-types.ts';
import { sentenceText } from './sentence.ts';

/** A row as lines: what happened, below it what the shop or a person made of it, and the events that are folded. */
export function rowLines({ title, detail, reason, below, folded, gap }: RowText, at: string): readonly string[] {
  const head = [title, ...(detail ? [detail] : [])].map((sentence) => sentenceText(sentence)).join('. ');
  const said = reason === undefined ? '' : ` "${reason}"`;
  const beside = ' '.repeat(timeText(at).length + 2);
  const lines = below.flatMap(({ head: first, note, lines: others }) => [
    `${sentenceText(first)}${note ? ` (${sentenceText(note)})` : ''}`,
    ...others.map((line) => sentenceText(line)),
  ]);
  const seen = folded?.lines.map(({ at: seenAt, source, evidence }) => `${timeText(seenAt)} ${source} ${evidence}`) ?? [];
  return [
    ...(gap ? [`${beside}${sentenceText(gap)}`] : []),
    `${timeText(at)}  ${head}${said}`,
    ...[...lines, ...(folded ? [sentenceText(folded.summary)] : []), ...seen].map((line) => `${beside}${line}`),
  ];
}
