// Tables, and what stands above and below them: tabs, filters, the next page. A table stays a table on a narrow screen: a column
// that is `wide` disappears there, and its words stand as a second line (`narrow`) in another cell.
import { type Html, html, type Insert } from '../../html.ts';

export interface Column {
  readonly head: Insert;
  /** Right-aligned, in figures of one width. */
  readonly isNumber?: boolean;
  /** On wide screens alone. */
  readonly isWide?: boolean;
  /** Further classes of head and cells: `soft`, `prose`, `c` for a tick box. */
  readonly also?: string;
}

export function table(columns: readonly Column[], rows: readonly (readonly Insert[])[]): Html {
  const classes = columns.map(({ isNumber, isWide, also }) => [isNumber && 'n', also, isWide && 'w'].filter(Boolean).join(' '));
  const classOf = (at: number): Html | false => classes[at] !== '' && html` class="${classes[at]}"`;
  return html`<table><thead><tr>${columns.map(({ head }, at) => html`<th scope="col"${classOf(at)}>${head}</th>`)}</tr></thead><tbody>
${rows.map((cells) => (cells.length === 1 ? dayRow(cells[0], columns.length) : html`<tr>${cells.map((cell, at) => html`<td${classOf(at)}>${cell}</td>`)}</tr>\n`))}</tbody></table>
`;
}

/** A row of one cell heads those below it, as a day does. */
function dayRow(text: Insert, columns: number): Html {
  return html`<tr class="day"><td colspan="${columns}">${text}</td></tr>\n`;
}

/** The link of a row, which the keys `j` and `k` go through. */
export function rowLink(href: string, text: Insert, isId = false): Html {
  return html`<a class="row${isId && ' id'}" href="${href}">${text}</a>`;
}

/** A second line of a cell. */
export function sub(text: Insert): Html {
  return html`<span class="sub">${text}</span>`;
}
/** A second line of a cell on narrow screens alone. */
export function narrow(text: Insert): Html {
  return html`<span class="sub narrow">${text}</span>`;
}

export interface Tab {
  readonly href: string;
  readonly text: Insert;
  readonly isCurrent: boolean;
}

export function tabs(label: string, list: readonly Tab[]): Html {
  return html`<nav class="tabs" aria-label="${label}">${list.map(
    ({ href, text, isCurrent }) => html`<a href="${href}"${isCurrent && html` aria-current="page"`}>${text}</a>`,
  )}</nav>
`;
}

export interface Filter {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  /** Pairs of value and word. Absent: free text. */
  readonly choices?: readonly (readonly [string, string])[];
}

/** A GET form, so that what it shows is an address. @param action relative to the page. */
export function filters(action: string, button: string, list: readonly Filter[]): Html {
  return html`<form class="filters" method="get" action="${action}">${list.map(({ name, label, value, choices }) => {
    const control =
      choices === undefined
        ? html`<input type="text" id="f-${name}" name="${name}" value="${value}" maxlength="128" autocomplete="off" spellcheck="false">`
        : html`<select id="f-${name}" name="${name}">${choices.map(
            ([choice, word]) => html`<option value="${choice}"${choice === value && html` selected`}>${word}</option>`,
          )}</select>`;
    return html`<div class="field"><label for="f-${name}">${label}</label>${control}</div>`;
  })}<button class="btn">${button}</button></form>
`;
}

/** The address of this page with other values behind the `?`; undefined takes one out. Always begins with `?`. */
export function queryWith(query: URLSearchParams, change: Readonly<Record<string, string | undefined>>): string {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) next.delete(name);
    else next.set(name, value);
  }
  return `?${next}`;
}
