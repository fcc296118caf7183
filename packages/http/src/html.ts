// @paidonce/http/html: pages as tagged templates. Every value is escaped, unless it is `Html` itself. Write attributes in
// double quotes, and put no value into <script> or <style>. The entry has only the source condition: it is for the console
// and for our example shop.

import { printable } from '@paidonce/ledger/adapter';

/** Markup. Only `html` creates it, so a string from outside can never be mistaken for it. */
export class Html {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  /** Undefined and false insert nothing, so that a page can write `${isOpen && html`…`}`. */
  static from(fixed: readonly string[], values: readonly Insert[]): Html {
    return new Html(fixed.map((text, index) => text + markupOf(values[index])).join(''));
  }

  toString(): string {
    return this.#text;
  }
}

/** What a template accepts. A list inserts its items one after the other. */
export type Insert = string | number | Html | false | undefined | readonly Insert[];

export function html(fixed: TemplateStringsArray, ...values: readonly Insert[]): Html {
  return Html.from(fixed, values);
}

/** Most of a page: ASCII letters, digits and marks that neither markup nor a terminal knows. */
const harmless = /^[ !#-%(-;=?-~]*$/;

function markupOf(value: Insert): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.toString();
  if (typeof value === 'object') return value.map(markupOf).join('');
  if (typeof value === 'number') return String(value);
  if (harmless.test(value)) return value;
  // A mark of direction shows a sentence the other way round, also in a page. A line break does no harm here.
  const text = value.split('\n').map(printable).join('\n');
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
