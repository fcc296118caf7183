// What a page is made of, for a snapshot: roles and names in their order, without markup that only gives it a look.

/** All pages that have an address, and their status. */
export const pagesByPath: readonly (readonly [path: string, status: number])[] = [
  ['', 200],
  ['find?q=o-10', 200],
  ['find?q=pi_3QiHrjqRn5Tq703wmVwy0Q37cr', 404],
  ['find?member=m-1042,m-1050', 200],
  ['orders', 200],
  ['members/m-1042', 200],
  ['members/m-0000', 404],
  ['queues/reviews', 200],
  ['queues/undelivered', 200],
  ['queues/awaiting', 200],
  ['queues/held', 200],
  ['queues/suspended', 200],
  ['queues/unreadable', 200],
  ['activity', 200],
  ['runs', 200],
  ['runs/b-19', 200],
  ['runs/b-19/cancel', 200],
  ['runs/new?kind=redeliver&pick=all', 200],
  ['health', 200],
  ['preferences', 200],
  ['nowhere', 404],
];

const shown: Readonly<Record<string, string>> = {
  title: 'title',
  h1: 'heading 1',
  h2: 'heading 2',
  h3: 'heading 3',
  a: 'link',
  button: 'button',
  th: 'column',
  label: 'label',
  legend: 'legend',
  summary: 'summary',
  desc: 'picture',
  option: 'option',
  nav: 'navigation',
  progress: 'progress',
  dt: 'term',
};

/** Our pages close each of these elements, and none stands in another of the same name. */
export function outlineOf(page: string): readonly string[] {
  const begin = new RegExp(`(<g>)?<(${Object.keys(shown).join('|')})\\b([^>]*)>`, 'g');
  return [...page.matchAll(begin)].flatMap(({ 0: whole, 1: inGroup, 2: tag = '', 3: attributes = '', index }) => {
    // The title of a group in a picture is for the pointer alone.
    if (inGroup !== undefined && tag === 'title') return [];
    const from = index + whole.length;
    const inside = tag === 'nav' ? '' : page.slice(from, page.indexOf(`</${tag}>`, from));
    const name = /aria-label="([^"]*)"/.exec(attributes)?.[1] ?? inside.replaceAll(/<[^>]*>/g, '');
    return [`${shown[tag]}: ${decoded(name).replaceAll(/\s+/g, ' ').trim()}`.trimEnd()];
  });
}

function decoded(text: string): string {
  return text.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}
