// Takes keys and passwords out of text that is printed. Who makes a message leaves them out; this is for what a message quotes:
// a wrong argument, a variable that was pasted with its name, an error of a driver.
import { passwordsHidden } from './event-store/without-password.ts';

const secrets: readonly (readonly [RegExp, string])[] = [
  [/PRIVATE\+KEY\+[^\s"']*/gi, 'PRIVATE+KEY+***'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*/g, '-----BEGIN PRIVATE KEY-----***'],
  [/\b((?:sk|rk)_(?:org_)?(?:test|live)_)\w+/gi, '$1***'],
  [/\b(whsec_)(?!sandbox_?(?!\w))\w[\w+/=]*/gi, '$1***'], // The bare prefix of the sandbox's is no secret.
];

/** Returns the text with `***` in the place of each password of a URL, private key, secret key and webhook secret. */
export function withoutSecrets(text: string): string {
  return secrets.reduce((safe, [pattern, instead]) => safe.replace(pattern, instead), passwordsHidden(text));
}
