// Boxes that hold other things: cards, tiles, facts, pairs, banners, steps, progress, empty lists.
import { type Html, html, type Insert } from '../../html.ts';
import type { Icon, Tone } from './states.ts';

export interface CardOptions {
  /** Beside the heading. */
  readonly aside?: Insert;
  /** Anchor. */
  readonly id?: string;
  /** `flush`: a table reaches the edges. */
  readonly kind?: 'flush' | 'form' | 'actions';
}

export function card(title: Insert, body: Insert, { aside, id, kind }: CardOptions = {}): Html {
  return html`<section class="card${kind && ` ${kind}`}"${id && html` id="${id}"`}><header><h2>${title}</h2>${
    aside !== undefined && html`<p>${aside}</p>`
  }</header>${body}</section>
`;
}

export interface Tile {
  readonly href: string;
  readonly what: string;
  readonly count: string;
  readonly isZero: boolean;
  readonly age: Insert;
  readonly tone: Tone;
  readonly icon?: Icon;
}

export function tile({ href, what, count, isZero, age, tone, icon }: Tile): Html {
  const look = isZero ? '' : [tone, icon && `i i-${icon}`].filter(Boolean).join(' ');
  return html`<a class="tile${isZero && ' zero'}" href="${href}"><span class="what">${what}</span><b${
    look !== '' && html` class="${look}"`
  }>${count}</b><span class="age">${age}</span></a>
`;
}

export type Fact = readonly [what: Insert, value: Insert] | false | undefined;

/** Label above value, side by side. */
export function facts(list: readonly Fact[]): Html {
  return html`<dl class="facts">${rows(list)}</dl>`;
}

/** Label left, value right, one below the other. */
export function pairs(list: readonly Fact[]): Html {
  return html`<dl class="pairs small">${rows(list)}</dl>`;
}

function rows(list: readonly Fact[]): readonly (Html | false)[] {
  return list.map((fact) => (fact ? html`<div><dt>${fact[0]}</dt><dd>${fact[1]}</dd></div>` : false));
}

export interface Banner {
  readonly tone: Exclude<Tone, ''>;
  readonly icon: Icon;
  readonly title: Insert;
  readonly body?: Insert;
  /** Links and buttons. */
  readonly acts?: Insert;
  /** True: read out when the page comes, as after an action. */
  readonly isStatus?: boolean;
}

export function banner({ tone, icon, title, body, acts, isStatus = false }: Banner): Html {
  return html`<div class="banner ${tone}"${isStatus && html` role="status"`}><span class="i i-${icon}"></span><h2>${title}</h2>${
    body !== undefined && html`<p>${body}</p>`
  }${acts !== undefined && html`<p class="acts">${acts}</p>`}</div>
`;
}

export interface Step {
  readonly isDone: boolean;
  readonly title: Insert;
  readonly body: Insert;
}

/** @param state the words for done and to do, for those who do not see the icon. */
export function steps(list: readonly Step[], state: { readonly done: string; readonly toDo: string }): Html {
  return html`<ol class="steps">${list.map(
    ({ isDone, title, body }) =>
      html`<li><span class="i i-${isDone ? 'ok' : 'ring'}"><span class="vh">${isDone ? state.done : state.toDo}</span></span><div><h3>${title}</h3>${body}</div></li>`,
  )}</ol>`;
}

export function progress(done: number, max: number, label: string): Html {
  return html`<progress max="${max}" value="${done}" aria-label="${label}"></progress>`;
}

export function nothing(text: Insert): Html {
  return html`<p class="none">${text}</p>`;
}
