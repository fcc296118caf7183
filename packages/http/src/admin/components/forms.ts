// Parts of forms. A form says before it is sent what will happen; no choice is preselected; danger is never the main button.
import { type Html, html, type Insert } from '../../html.ts';
import type { Locale } from './format.ts';

export interface Field {
  readonly id: string;
  readonly name: string;
  readonly label: Insert;
  readonly value?: string;
  readonly hint?: Insert;
  readonly type?: 'text' | 'datetime-local';
  readonly inputMode?: 'decimal';
  readonly isRequired?: boolean;
  readonly maxLength?: number;
  /** Id of a `datalist`. */
  readonly list?: string;
  /** What is wrong with the value, in a form that came back. */
  readonly problem?: Insert;
}

export function field({
  id,
  name,
  label,
  value,
  hint,
  type = 'text',
  inputMode,
  isRequired = false,
  maxLength,
  list,
  problem,
}: Field): Html {
  const described = [hint !== undefined && `${id}-h`, problem !== undefined && `${id}-p`].filter(Boolean).join(' ');
  return html`<div class="field"><label for="${id}">${label}</label><input type="${type}" id="${id}" name="${name}"${
    value !== undefined && html` value="${value}"`
  }${inputMode && html` inputmode="${inputMode}"`}${isRequired && html` required`}${
    maxLength !== undefined && html` maxlength="${maxLength}"`
  }${list !== undefined && html` list="${list}"`} autocomplete="off"${described !== '' && html` aria-describedby="${described}"`}${problem !== undefined && html` aria-invalid="true"`}>${
    hint !== undefined && html`<small id="${id}-h">${hint}</small>`
  }${problem !== undefined && html`<small class="bad" id="${id}-p">${problem}</small>`}</div>`;
}

/** @param id differs for each form of a page. */
export function reasonField({ words }: Locale, id: string, options: { readonly value?: string; readonly problem?: Insert } = {}): Html {
  return field({
    id,
    name: 'reason',
    label: words.parts.reason,
    hint: words.parts.reasonHint,
    isRequired: true,
    maxLength: 500,
    ...options,
  });
}

export function hidden(name: string, value: string | number): Html {
  return html`<input type="hidden" name="${name}" value="${value}">`;
}

export interface Choice {
  readonly value: string;
  readonly what: Insert;
  /** What would happen, with amounts. */
  readonly consequence: Insert;
}

/** @param chosen only where a form comes back: never preselect. */
export function choices(legend: Insert, name: string, list: readonly Choice[], chosen?: string): Html {
  return html`<fieldset><legend>${legend}</legend>
${list.map(
  ({ value, what, consequence }) =>
    html`<label class="choice"><input type="radio" name="${name}" value="${value}" required${
      value === chosen && html` checked`
    }><span><b>${what}</b><small>${consequence}</small></span></label>
`,
)}</fieldset>`;
}

/** An action that opens: a summary, what it does, and its form. */
export function action(summary: Insert, about: Insert, form: Html, isOpen = false): Html {
  return html`<details${isOpen && html` open`}><summary>${summary}<small>${about}</small></summary>${form}</details>
`;
}

export interface Amount {
  readonly what: Insert;
  readonly amount: Insert;
  readonly about?: Insert;
  readonly isNegative?: boolean;
}

/** Came − expected = difference. */
export function versus(came: Amount, expected: Amount, difference: Amount): Html {
  const part = ({ what, amount, about, isNegative = false }: Amount): Html =>
    html`<div><dt>${what}</dt><dd${isNegative && html` class="neg"`}>${amount}${about !== undefined && html`<small>${about}</small>`}</dd></div>`;
  return html`<dl class="versus">${part(came)}${part(expected)}${part(difference)}</dl>`;
}

/** A dialog that opens without script, by `command="show-modal" commandfor="ID"` on a button. */
export function dialog(id: string, title: string, body: Insert, close: string): Html {
  return html`<dialog id="${id}" aria-labelledby="${id}-t">
<h2 id="${id}-t">${title}</h2>
${body}
<button class="btn" type="button" command="close" commandfor="${id}">${close}</button>
</dialog>`;
}
