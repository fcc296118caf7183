// The frame of every page of the console.
import { Html, html } from '../html.ts';
import { style } from './style.ts';

export interface LayoutView {
  readonly path: string;
  readonly title: string;
  /** The operator's id. Absent: nobody is signed in. */
  readonly actor?: string;
  readonly body: Html;
}

export function layout({ path, title, actor, body }: LayoutView): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · PaidOnce</title>
<style>${styleSheet}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<a href="${path}">PaidOnce console</a>
${
  actor !== undefined &&
  html`<form class="find" method="get" action="${path}find" role="search">
<label>Order, session or payment <input type="search" name="id" required maxlength="128"></label><button>Find</button></form>
<p>You are ${actor}.</p>`
}
</header>
<main id="main">${body}</main>
</body>
</html>`.toString();
}

/** Inserted as it is: an escaped style sheet would not match the hash that the content policy allows. */
const styleSheet = Html.from([style], []);
