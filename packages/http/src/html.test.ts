import { describe, expect, test } from 'vitest';
import { html, type Insert } from './html.ts';

describe('html escapes what is put into it', () => {
  test('text, and attributes in double quotes', () => {
    const evil = `"><script>alert('x')</script>&`;
    const page = html`<p title="${evil}">${evil}</p>`.toString();
    expect(page).not.toContain('<script>');
    expect(page).toBe(
      '<p title="&#34;&#62;&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62;&#38;">&#34;&#62;&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62;&#38;</p>',
    );
  });

  test('characters that change how the text around them is shown', () => {
    expect(html`<p>${'two\nlines \u202edevorppa\u2028\u001b[2K'}</p>`.toString()).toBe(
      '<p>two\nlines \\u202edevorppa\\u2028\\u001b[2K</p>',
    );
  });

  test('also inside lists', () => {
    expect(html`<ul>${['<b>', html`<li>${'<i>'}</li>`]}</ul>`.toString()).toBe('<ul>&#60;b&#62;<li>&#60;i&#62;</li></ul>');
  });

  test('but not markup that html made', () => {
    expect(html`<p>${html`<b>${1}</b>`}</p>`.toString()).toBe('<p><b>1</b></p>');
  });

  test('undefined and false leave nothing, zero stays', () => {
    expect(html`<p>${undefined}${false}${0}</p>`.toString()).toBe('<p>0</p>');
  });

  test('an object that only looks like markup is no markup', () => {
    const forged = { toString: () => '<script>', text: '<script>' } as unknown as Insert;
    expect(() => html`${forged}`.toString()).toThrow();
  });
});
