// Text is an attack: a control character moves the cursor of a terminal, a line separator writes a line that nobody said, and
// a bidirectional mark shows a sentence the other way round. So they are refused where a person types, and escaped where text
// is printed, since logs of earlier releases, receipts and the provider may hold them. Pure.

/** Control characters, line and paragraph separators, bidirectional marks, and halves of a character. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;

/** True if the text holds nothing that could change how the text around it is shown. */
export function isPlainText(text: string): boolean {
  return text.search(unsafe) === -1;
}

/** Returns the text with each unsafe character as `\uXXXX`: harmless on a terminal, and in JSON still the same character. */
export function printable(text: string): string {
  return text.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
