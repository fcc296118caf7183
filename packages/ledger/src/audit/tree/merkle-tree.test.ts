import { createHash } from 'node:crypto';
import { test as prop } from '@fast-check/vitest';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { runs } from '../../testing/runs.ts';
import {
  consistencyRanges,
  emptyRoot,
  GrowingTree,
  hashLeaf,
  inclusionRanges,
  type LeafRange,
  provesConsistency,
  provesInclusion,
  type TreeHash,
} from './merkle-tree.ts';

/** The definitions of RFC 6962, section 2.1, exactly as they are written there: recursive, over all leaves. */
const sha256 = (...parts: readonly Uint8Array[]): TreeHash => createHash('sha256').update(Buffer.concat(parts)).digest();
function mth(d: readonly TreeHash[]): TreeHash {
  if (d.length === 0) return sha256();
  if (d.length === 1) return d[0]!;
  const k = powerBelow(d.length);
  return sha256(Buffer.from([1]), mth(d.slice(0, k)), mth(d.slice(k)));
}
function path(m: number, d: readonly TreeHash[], hash: typeof mth): readonly TreeHash[] {
  if (d.length <= 1) return [];
  const k = powerBelow(d.length);
  return m < k ? [...path(m, d.slice(0, k), hash), hash(d.slice(k))] : [...path(m - k, d.slice(k), hash), hash(d.slice(0, k))];
}
function subproof(m: number, d: readonly TreeHash[], whole: boolean, hash: typeof mth): readonly TreeHash[] {
  if (m === d.length) return whole ? [] : [hash(d)];
  const k = powerBelow(d.length);
  return m <= k
    ? [...subproof(m, d.slice(0, k), whole, hash), hash(d.slice(k))]
    : [...subproof(m - k, d.slice(k), false, hash), hash(d.slice(0, k))];
}
function powerBelow(n: number): number {
  return 2 ** Math.ceil(Math.log2(n) - 1);
}

// The eight leaves and their roots of the reference implementation of RFC 6962 (certificate-transparency, MerkleTreeTest).
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((hex) =>
  Buffer.from(hex, 'hex'),
);
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
/** Each row: leaf (from 0), size, proof. */
const inclusions: readonly [number, number, readonly string[]][] = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [
    1,
    5,
    [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];
/** Each row: earlier size, size, proof. */
const consistencies: readonly [number, number, readonly string[]][] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [
    2,
    5,
    [
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];

const bytes = (hex: readonly string[]): readonly TreeHash[] => hex.map((each) => Buffer.from(each, 'hex'));
const leafOf = (data: Uint8Array): TreeHash => sha256(Buffer.from([0]), data);

describe('the vectors of RFC 6962', () => {
  test('roots of 0 to 8 leaves', () => {
    const tree = new GrowingTree();
    expect(tree.root()).toEqual(emptyRoot);
    expect(emptyRoot.toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    for (const [size, root] of roots.entries()) {
      tree.append(leafOf(leaves[size]!));
      expect(tree.root().toString('hex')).toBe(root);
    }
  });

  test.each(inclusions)('leaf %i is in the tree of %i', (index, size, proof) => {
    const root = Buffer.from(roots[size - 1]!, 'hex');
    expect(proofOf(leaves.map(leafOf), inclusionRanges(index, size), size)).toEqual(bytes(proof));
    expect(provesInclusion(leafOf(leaves[index]!), index, size, bytes(proof), root)).toBe(true);
  });

  test.each(consistencies)('the tree of %i begins that of %i', (earlier, size, proof) => {
    const [first, second] = [earlier, size].map((each) => ({ size: each, root: Buffer.from(roots[each - 1]!, 'hex') }));
    expect(proofOf(leaves.map(leafOf), consistencyRanges(earlier, size), size)).toEqual(bytes(proof));
    expect(provesConsistency(first!, second!, bytes(proof))).toBe(true);
  });
});

/** Builds the tree as an audit does: in one pass, with the ranges that it will need. */
function proofOf(hashes: readonly TreeHash[], ranges: readonly LeafRange[], size: number): readonly TreeHash[] {
  const tree = new GrowingTree(ranges);
  for (const each of hashes.slice(0, size)) tree.append(each);
  return ranges.map((range) => tree.hashOf(range));
}

const often = runs(10_000);
const most = 70;
const anySizes = fc.integer({ min: 1, max: most }).chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)));
/** Makes leaves that all differ, as events do. */
const hashes = Array.from({ length: most }, (_, index) => leafOf(Buffer.from(`leaf ${index}`)));
const rootOf = Array.from({ length: most + 1 }, (_, size) => mth(hashes.slice(0, size)));
/** The definition again, but each subtree is computed only once. Its key is the hash of its first leaf. */
const known = new Map<string, TreeHash>();
const mthOnce: typeof mth = (d) => {
  const name = `${d[0]?.toString('latin1')} ${d.length}`;
  const hash = known.get(name) ?? mth(d);
  known.set(name, hash);
  return hash;
};
const same = (a: readonly TreeHash[], b: readonly TreeHash[]): boolean => Buffer.concat(a).equals(Buffer.concat(b));

describe('inclusion, against the definition', () => {
  const met = new Set<string>();
  afterAll(() => expect([...met].sort()).toEqual(['corrupted', 'moved', 'proved', 'shortened']));

  prop.prop([anySizes, fc.nat(), fc.nat(255), fc.nat(most - 1)], often)(
    'the proof proves its leaf at its place in its tree, and nothing else',
    ([size, index], which, flip, elsewhere) => {
      const proof = proofOf(hashes, inclusionRanges(index, size), size);
      const [leaf, root] = [hashes[index]!, rootOf[size]!];
      const proves = (by: readonly TreeHash[], at = index, of = leaf): boolean => provesInclusion(of, at, size, by, root);
      expect([same(proof, path(index, hashes.slice(0, size), mthOnce)), proves(proof)]).toEqual([true, true]);
      met.add('proved');
      const never = [proves([...proof, root]), proves(proof, index, hashes[(index + 1) % most]!)];
      if (elsewhere !== index) never.push(proves(proof, elsewhere));
      if (elsewhere < size && elsewhere !== index) met.add('moved');
      if (proof.length > 0) {
        const corrupted = proof.map((hash, at) => (at === which % proof.length ? withBit(hash, flip) : hash));
        never.push(proves(corrupted), proves(proof.slice(1)));
        met.add('corrupted').add('shortened');
      }
      expect(never).not.toContain(true);
    },
  );
});

describe('consistency, against the definition', () => {
  const met = new Set<string>();
  afterAll(() => expect([...met].sort()).toEqual(['corrupted', 'other history', 'proved', 'subtree']));

  prop.prop([anySizes, fc.nat(), fc.nat(255)], often)(
    'the proof proves that one tree begins the other, and nothing else',
    ([size, before], which, flip) => {
      const earlier = { size: before + 1, root: rootOf[before + 1]! };
      const later = { size, root: rootOf[size]! };
      const proof = proofOf(hashes, consistencyRanges(earlier.size, size), size);
      expect([same(proof, subproof(earlier.size, hashes.slice(0, size), true, mthOnce)), provesConsistency(earlier, later, proof)]).toEqual(
        [true, true],
      );
      met.add('proved');
      if (Number.isInteger(Math.log2(earlier.size))) met.add('subtree');
      const rewritten = withBit(earlier.root, flip);
      const never = [
        provesConsistency({ ...earlier, root: rewritten }, later, proof),
        provesConsistency(earlier, { ...later, root: rewritten }, proof),
      ];
      met.add('other history');
      if (proof.length > 0) {
        const corrupted = proof.map((hash, at) => (at === which % proof.length ? withBit(hash, flip) : hash));
        never.push(provesConsistency(earlier, later, corrupted), provesConsistency(earlier, later, proof.slice(1)));
        met.add('corrupted');
      }
      expect(never).not.toContain(true);
    },
  );

  test('a log rewritten before the earlier tree ended has no proof', () => {
    const rewritten = hashes.with(3, leafOf(Buffer.from('rewritten')));
    const proof = proofOf(rewritten, consistencyRanges(7, 20), 20);
    expect(provesConsistency({ size: 7, root: mth(rewritten.slice(0, 7)) }, { size: 20, root: mth(rewritten.slice(0, 20)) }, proof)).toBe(
      true,
    );
    expect(provesConsistency({ size: 7, root: rootOf[7]! }, { size: 20, root: mth(rewritten.slice(0, 20)) }, proof)).toBe(false);
  });

  test('an empty tree, and one that is larger than its successor, prove nothing', () => {
    const [one, two] = [1, 2].map((size) => ({ size, root: rootOf[size]! }));
    expect(provesConsistency({ size: 0, root: emptyRoot }, two!, [])).toBe(false);
    expect(provesConsistency(two!, one!, [])).toBe(false);
  });
});

test('a leaf is hashed with its prefix, as UTF-8', () => {
  expect(hashLeaf('é\n')).toEqual(leafOf(Buffer.from('é\n')));
});

test('what was not asked for in time is not given', () => {
  const tree = new GrowingTree([{ start: 0, end: 2 }]);
  for (const each of hashes.slice(0, 4)) tree.append(each);
  expect(tree.hashOf({ start: 0, end: 2 })).toEqual(rootOf[2]);
  expect(() => tree.hashOf({ start: 2, end: 4 })).toThrow(RangeError);
});

function withBit(hash: TreeHash, flip: number): TreeHash {
  const copy = Buffer.from(hash);
  copy[flip >> 3] = copy[flip >> 3]! ^ (1 << (flip & 7));
  return copy;
}
