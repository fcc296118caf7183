// The id that a person means, who pastes the address of a dashboard page, a line of a log or an id with something around it.

/** An id of Stripe, in which no other letter, digit or underscore goes before it. A client secret begins with the id of its payment. */
const stripeId = /(?:^|[^A-Za-z0-9_])((?:pi|cs|ch|py|re|pyr|du|dp|evt|in|plink)_\w+)/;
const clientSecret = /_secret_.*$/;
/** A page of an order or a member: of this console, or of the shop. */
const pageOfOrder = /\/(?:orders|members)\/([A-Za-z0-9._:-]{1,128})(?:[/?#]|$)/;
const onlyId = /^[A-Za-z0-9._:-]+$/;
/** Characters that nobody sees, and that come along when text is copied. */
const invisible = /[\u00AD\u200B-\u200F\u2060\uFEFF]/g;

/**
 * The id in a pasted text: the first id of Stripe in an address or a sentence; else the order or member whose page the address
 * is; else the whole text. Nothing is fetched.
 */
export function idInText(text: string): string {
  const pasted = text.replace(invisible, '').trim();
  const found = stripeId.exec(decoded(pasted))?.[1]?.replace(clientSecret, '');
  if (onlyId.test(pasted)) return found !== undefined && isAround(pasted, found) ? found : pasted;
  return found ?? pageOfOrder.exec(pasted)?.[1] ?? pasted.replace(/^#(?=[A-Za-z0-9])/, '');
}

/** True if nothing but the end of a sentence or a client secret stands around the id. */
function isAround(text: string, id: string): boolean {
  return text.startsWith(id) && /^(?:_secret_\w*|[.:])$/.test(text.slice(id.length));
}

/** An address may hold another one, as where to go after a login. What is no text in it stays as it is. */
function decoded(text: string): string {
  return text.replace(/%([2-7][0-9A-Fa-f])/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
