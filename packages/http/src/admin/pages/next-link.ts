// Below a list: the next page, and how many of all are shown.
import { type Html, html } from '../../html.ts';
import { numberText } from '../components/format.ts';
import { queryWith } from '../components/lists.ts';
import type { PageContext } from '../page-context.ts';

/** Rows of a page: with more, the page would weigh more than 30 KB. */
export const pageRows = 40;

export function nextLink(
  { words, lang, url }: PageContext,
  next: string | undefined,
  { shown, all, name = 'after' }: { readonly shown?: number; readonly all?: number; readonly name?: string } = {},
): Html | undefined {
  if (next === undefined) return undefined;
  return html`<p class="small"><a href="${queryWith(url.query, { [name]: next })}">${words.parts.next(pageRows)}</a>${
    shown !== undefined &&
    all !== undefined &&
    html` <span class="soft">${words.parts.shown(numberText(lang, shown), numberText(lang, all))}</span>`
  }</p>
`;
}
