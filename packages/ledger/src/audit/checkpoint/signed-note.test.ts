import { describe, expect, test } from 'vitest';
import { openCheckpoint, readCheckpoint, signCheckpoint, splitNotes } from './signed-checkpoint.ts';
import { generateNoteKey, openNote, parseSignerKey, parseVerifierKey, signNote } from './signed-note.ts';

// The example of golang.org/x/mod/sumdb/note: Ed25519 is deterministic, so ours must come out the same.
const signerKey = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const verifierKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const note = `${text}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

const peter = parseVerifierKey(verifierKey);
const [old, fresh] = ['shop.example/ledger', 'shop.example/ledger'].map(generateNoteKey);
const signers = [old, fresh].map((pair) => parseSignerKey(pair!.signerKey));
const verifiers = [old, fresh].map((pair) => parseVerifierKey(pair!.verifierKey));

describe('a signed note', () => {
  test('is the one that other implementations make', () => {
    expect(signNote(text, [parseSignerKey(signerKey)])).toBe(note);
    expect(parseSignerKey(signerKey).verifierKey).toBe(verifierKey);
    expect(openNote(note, [peter])).toEqual({ text, signedBy: ['PeterNeumann'] });
  });

  test.each([
    ['another text', note.replace('cryptography', 'cryptographY'), /signature of PeterNeumann is false/],
    ['another signature', note.replace('x08go/Z', 'x08go/A'), /is false/],
    ['another signer', note.replace('— Peter', '— Hans'), /signed by HansNeumann, with no key that you gave/],
    ['no signature', `${text}\n`, /no signature line/],
    ['a signature that is cut off', note.slice(0, -1), /cut off/],
    ['no blank line', text, /no blank line/],
    ['a line that is none', `${note}hello\n`, /"hello" is no signature line/],
    ['control characters', note.replace('you', 'y\u0007ou'), /control characters/],
    ['more signatures than anyone would verify', note + '— x AAAAAAAA\n'.repeat(64), /more than 64/],
  ])('with %s is refused', (_, changed, why) => {
    expect(openNote(changed, [peter])).toEqual({ refused: expect.stringMatching(why) });
  });

  test('is opened with either key while a key is rotated', () => {
    const both = signNote(text, signers);
    for (const verifier of verifiers) expect(openNote(both, [verifier])).toMatchObject({ text });
    expect(openNote(signNote(text, [signers[1]!]), [verifiers[0]!])).toHaveProperty('refused');
  });

  test('with a false signature of one known key is refused, also where another one is right', () => {
    const [right] = signNote(text, [signers[0]!]).split('\n').slice(-2);
    const other = signNote(`${text}more\n`, [signers[1]!]).split('\n').slice(-2)[0];
    expect(openNote(`${text}\n${right}\n${other}\n`, verifiers)).toHaveProperty('refused');
    expect(openNote(`${text}\n${right}\n${other}\n`, [verifiers[0]!])).toHaveProperty('text');
  });
});

describe('a key', () => {
  test.each([
    ['truncated', verifierKey.slice(0, -1)],
    ['with another id', verifierKey.replace('c74f20a3', 'c74f20a4')],
    ['with another name', verifierKey.replace('Peter', 'Hans')],
    ['of another algorithm', 'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
    ['that is private', signerKey],
  ])('%s is refused', (_, key) => {
    expect(() => parseVerifierKey(key)).toThrow(/the (?:public )?key/);
  });

  test.each(['', ' ', '\ufeff', 'KEY=', 'export KEY="', '\t# ', 'private+key+', '-'])('with %j before it is never repeated', (before) => {
    const secret = signerKey.slice(-20);
    for (const text of [
      `${before}${signerKey}`,
      `${before}${signerKey.slice('PRIVATE+KEY+'.length)}x`,
      `${before}${signerKey.toLowerCase()}`,
    ]) {
      for (const parse of [parseVerifierKey, parseSignerKey]) {
        try {
          parse(text);
          expect([parse, before.trim()]).toEqual([parseSignerKey, '']); // A private key is one, whatever blank is before it.
        } catch (error) {
          expect(String(error).toLowerCase()).not.toContain(secret.toLowerCase());
        }
      }
    }
  });

  test('that cannot sign is refused, and is not repeated in the message', () => {
    const secret = signerKey.slice(-20, -1);
    expect(() => parseSignerKey(signerKey.slice(0, -1))).toThrow(expect.not.objectContaining({ message: expect.stringContaining(secret) }));
    expect(() => parseSignerKey(signerKey.replace('c74f20a3', 'c74f20a4'))).toThrow(/does not belong to its id/);
    expect(() => parseSignerKey(verifierKey)).toThrow(/must begin with PRIVATE/);
  });

  test.each(['', 'two words', 'a+b', 'a\u001b[2K', 'a\u202eb'])('cannot be called %j', (name) => {
    expect(() => generateNoteKey(name)).toThrow(/no name of a key/);
  });
});

describe('a signed checkpoint', () => {
  const checkpoint = { origin: 'shop.example/ledger', size: 1_000, root: Buffer.alloc(32, 7) };
  const signed = signCheckpoint(checkpoint, signers);

  test('is three lines and its signatures', () => {
    expect(signed.split('\n\n')[0]).toBe('shop.example/ledger\n1000\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=');
    expect(openCheckpoint(signed, verifiers)).toMatchObject({ ...checkpoint, signedBy: [checkpoint.origin, checkpoint.origin] });
  });

  test.each([
    ['a size that is no number', 'x\n01\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n'],
    ['a root of another length', 'x\n1\nBwcH\n'],
    ['no origin', '\n1\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n'],
  ])('with %s is refused, whoever signed it', (_, body) => {
    expect(openCheckpoint(signNote(body, signers), verifiers)).toEqual({ refused: expect.stringMatching(/no checkpoint/) });
  });

  test('stands in a file behind others', () => {
    const next = signCheckpoint({ ...checkpoint, size: 2_000 }, [signers[1]!]);
    expect(splitNotes(signed + next)).toEqual([signed, next]);
    expect(splitNotes(`${signed}\n${next}`)).toEqual([signed, next]);
    expect(splitNotes('')).toEqual([]);
  });

  test('of which a crash wrote a part is told from a whole one', () => {
    const [whole, part] = splitNotes(signed + signed.slice(0, 40));
    expect(whole).toBe(signed);
    expect(openCheckpoint(part!, verifiers)).toHaveProperty('refused');
    expect(readCheckpoint(part!)).toHaveProperty('refused');
  });

  test('of a log without a name is not signed', () => {
    expect(() => signCheckpoint({ ...checkpoint, origin: 'my log' }, signers)).toThrow(/origin/);
  });
});
