// The one function that writes the log. It takes the log's lock, judges each set of appends of a group, and inserts: one statement
// and one round trip, so that no client ever holds the lock across the network. The lock is kept to the end of the
// transaction, so positions are given in the order of commits.
//
// The order of its steps matters:
//   1. A replica says so before anything is compared: one that lags would look like a log that went back.
//   2. The isolation is READ COMMITTED, so that each statement after the lock sees what others committed before it.
//   3. COMMIT waits for the disk, whatever the role's default is. The lock is waited for no longer than the caller waits.
//   4. The lock. 5. The event that the caller knows is still there. 6. Missing streams, then all appends together. A set that does
//      not fit may leave the name of a stream without events: no reader sees it, and its first append takes it.
//   7. A repeated append waits for the standby as a first one does: what only reads would not.
import { lockClass, lockKey } from './lock-key.ts';

/** What the function says in place of an answer. */
export const wentBackCode = 'PD001';
export const isolationCode = 'PD002';
export const replicaCode = 'PD003';

/** The body of the function, as it is stored. Opening compares it: an altered function could acknowledge what it did not write. */
export function appendBody(schema: string): string {
  return `
declare
  head bigint;
  repeated boolean;
  -- Of each append of the group: its stream, the newest revision there, how many events of the group come before its own, and the
  -- last position before it; -1: it, or another one of its set, does not fit. Arrays of one width are read in one step, where a join may become quadratic.
  stream_of bigint[];
  newest_of integer[];
  start_of bigint[];
  place_of bigint[];
begin
  if pg_is_in_recovery() then
    raise exception using errcode = '${replicaCode}', message = 'this server is a replica';
  end if;
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using errcode = '${isolationCode}', message = 'an append needs READ COMMITTED';
  end if;
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  if current_setting('lock_timeout') = '0' or current_setting('lock_timeout')::interval > make_interval(secs => wait_ms / 1000.0) then
    perform set_config('lock_timeout', wait_ms::text, true);
  end if;
  perform pg_advisory_xact_lock(${lockClass}, ${lockKey(schema)});
  select coalesce(max(e.position), 0) into head from ${schema}.events e;
  if known_position > 0 and not exists (select from ${schema}.events e where e.position = known_position and e.id = known_id) then
    raise exception using errcode = '${wentBackCode}', message = 'the log has gone back';
  end if;
  insert into ${schema}.streams (name)
    select a.name from unnest(streams, expected) a(name, expected) where a.expected = -1
    on conflict (name) do nothing;
  -- Each stream stands at most once in a group: the caller sees to it. The limits make each lookup one of an index, whatever the
  -- planner knows of the tables: a plan that was made when they were small is kept.
  with judged as materialized (
    select a.i, a.n, coalesce(s.id, 0) as stream, coalesce(h.revision, -1) as newest,
      bool_and(coalesce(h.revision, -1) = a.expected) over (partition by a.together) as fits
    from unnest(streams, expected, counts, sets) with ordinality a(name, expected, n, together, i)
    left join lateral (select s.id from ${schema}.streams s where s.name = a.name limit 1) s on true
    left join lateral (
      select e.revision from ${schema}.events e where e.stream = s.id order by e.revision desc limit 1
    ) h on true
  ), placed as (
    select j.*, sum(j.n) over (order by j.i) - j.n as start,
      case when j.fits then head + sum(case when j.fits then j.n else 0 end) over (order by j.i) - j.n else -1 end as place
    from judged j
  )
  select array_agg(p.stream order by p.i), array_agg(p.newest order by p.i), array_agg(p.start order by p.i), array_agg(p.place order by p.i)
    into stream_of, newest_of, start_of, place_of
    from placed p;
  insert into ${schema}.events (position, stream, revision, id, type, data, metadata)
    select place_of[x.owner] + x.o - start_of[x.owner], stream_of[x.owner], newest_of[x.owner] + (x.o - start_of[x.owner])::integer,
      x.id, x.type, x.data, x.metadata
    from unnest(owners, ids, types, datas, metadatas) with ordinality x(owner, id, type, data, metadata, o)
    where place_of[x.owner] >= 0;
  -- The same ids at the same place are the same append, whose reply was lost. Else it is a conflict.
  select array_agg(case when f.place >= 0 or s.same = f.n then f.expected + f.n else f.newest end order by f.i),
         array_agg(case when f.place >= 0 then f.place + f.n when s.same = f.n then s.last end order by f.i),
         coalesce(bool_or(s.same = f.n), false)
    into revisions, positions, repeated
    from unnest(stream_of, newest_of, start_of, place_of, expected, counts) with ordinality f(stream, newest, start, place, expected, n, i)
    left join lateral (
      select count(*) as same, max(e.position) as last from ${schema}.events e
      where f.place < 0 and e.stream = f.stream and e.revision > f.expected and e.revision <= f.expected + f.n
        and e.id = ids[f.start + e.revision - f.expected]
    ) s on true;
  if repeated and current_setting('synchronous_standby_names') <> '' then
    perform pg_logical_emit_message(true, 'paidonce', '');
  end if;
end
`;
}

/** How the function runs: names are those of the catalog; its plans are made once, for tables of any size. */
export const appendSettings: readonly (readonly [name: string, value: string])[] = [
  ['search_path', 'pg_catalog, pg_temp'],
  ['enable_seqscan', 'off'],
  ['plan_cache_mode', 'force_generic_plan'],
];

export function appendFunction(schema: string): string {
  return `create function ${schema}.append_1(
  streams text[], expected integer[], counts integer[], sets integer[],
  owners integer[], ids text[], types text[], datas text[], metadatas text[],
  known_position bigint, known_id text, wait_ms integer,
  out revisions integer[], out positions bigint[]
) language plpgsql volatile security invoker
${appendSettings.map(([name, value]) => `set ${name} = ${value}`).join(' ')}
as $body$${appendBody(schema)}$body$`;
}
