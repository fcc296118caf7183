// The access lists of the server double: who may do what, by the metadata of a stream, else by `$settings`, else by default.
import type { LogDouble } from './log-double.ts';
import { type AccessList, metadataOf } from './stream-metadata.ts';

export interface DoubleUser {
  readonly name: string;
  readonly password: string;
  /** Default: none. Members of `$admins` may do everything. */
  readonly groups?: readonly string[];
}

/** A right in an access list: to read, write or delete a stream. */
export type Right = '$r' | '$w' | '$d';

const forAdmins: AccessList = { $r: '$admins', $w: '$admins', $d: '$admins', $mr: '$admins', $mw: '$admins' };
const forEverybody: AccessList = { $r: '$all', $w: '$all', $d: '$all', $mr: '$all', $mw: '$all' };
const metadataRights = { $r: '$mr', $w: '$mw', $d: '$mw' } as const;

interface Settings {
  readonly $userStreamAcl?: AccessList;
  readonly $systemStreamAcl?: AccessList;
}

/** True if the user may do it. The right to the metadata stream `$$x` stands in the list of `x`. */
export function mayAccess(log: LogDouble, { name, groups = [] }: DoubleUser, stream: string, right: Right): boolean {
  if (groups.includes('$admins')) return true;
  const isMetadata = stream.startsWith('$$');
  const named = isMetadata ? stream.slice(2) : stream;
  const settings = metadataOf(log.stream('$settings')?.at(-1)) as Settings;
  const [builtIn, set] = named.startsWith('$') ? [forAdmins, settings.$systemStreamAcl] : [forEverybody, settings.$userStreamAcl];
  const key = isMetadata ? metadataRights[right] : right;
  const own = log.metadata(named).$acl;
  const roles = own?.[key] ?? set?.[key] ?? builtIn[key] ?? [];
  return [roles].flat().some((role) => role === '$all' || role === name || groups.includes(role));
}
