// The frame of every page: head, navigation and notices.

import { type Html, html } from '@paidonce/http/html';
import type { MembershipStatus } from '@paidonce/ledger';
import { membershipLabels } from '../labels.ts';

export interface PageParts {
  readonly title: string;
  /** The path of the navigation entry that is this page, or that it belongs to. */
  readonly section?: '/' | '/orders' | '/members';
  /** Loads this script, for pages that wait for something. */
  readonly script?: 'shop.js' | 'success.js';
  /** More elements for <head>. */
  readonly head?: Html;
  readonly body: Html;
}

const sections = [
  ['/', 'Shop'],
  ['/orders', 'Orders'],
  ['/members', 'Members'],
] as const;

export function page({ title, section, script, head, body }: PageParts): string {
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title} · PaidOnce shop</title>
  <link rel="icon" href="/public/icon.svg">
  ${['base', 'form', 'order', 'list'].map((name) => html`<link rel="stylesheet" href="/public/${name}.css">`)}
  ${script && html`<script type="module" src="/public/${script}"></script>`}${head}
</head>
<body>
  <a class="skip" href="#main">Skip to the content</a>
  <header>
    <a class="brand" href="/">PaidOnce shop</a>
    <nav aria-label="Pages">
      ${sections.map(([path, name]) => html`<a href="${path}"${path === section && html` aria-current="page"`}>${name}</a>`)}
    </nav>
  </header>
  <main id="main">${body}</main>
  <footer><p>An example shop on the PaidOnce payment ledger. Nothing here is for sale.</p></footer>
</body>
</html>
`.toString();
}

/** A notice for pages that wait: their script shows it while the shop does not answer. `role` is for screen readers. */
export const unreachableNotice: Html = html`<div role="status"><p class="answer" data-unreachable hidden>The shop does not answer just now. If you have paid, that is not lost: this page keeps asking.</p></div>`;

/** Makes a page that says in one sentence what is wrong and what to do now. */
export function messagePage(title: string, message: string): string {
  return page({ title, body: html`<h1>${title}</h1><p class="lead">${message}</p><p><a href="/">Back to the shop</a></p>` });
}

export function membershipPill(status: MembershipStatus): Html {
  return html`<span class="pill ${status}">${membershipLabels[status]}</span>`;
}
