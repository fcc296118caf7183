// The frame of every page of the sandbox: no scripts, no outside resources, a policy that allows just that.
import { createHash } from 'node:crypto';
import { Html, html } from './html.ts';
import { STYLE } from './style.ts';

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

export interface Page {
  readonly title: string;
  readonly main: Html;
}

export function renderDocument({ title, main }: Page): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<header class="bar"><span class="brand">Stripe sandbox</span><span class="badge">Test mode: no money moves</span></header>
<main>${main}</main>
</body>
</html>
`;
  return page.text;
}

/** `formTargets`: where a form of the page may lead to, redirects included; browsers check those too. */
export function pageHeaders(formTargets: readonly string[] = []): Record<string, string> {
  const targets = formTargets.filter((url) => URL.canParse(url)).map((url) => new URL(url).origin);
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': [
      "default-src 'none'",
      `style-src 'sha256-${STYLE_HASH}'`,
      `form-action ${["'self'", ...new Set(targets)].join(' ')}`,
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    // The session's id stands in the address: it must not leak to the shop's or anyone's logs.
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  };
}
