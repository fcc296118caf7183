// The one function that writes the log. It takes the log's lock, judges each append of a group, and inserts: one statement
// and one round trip, so that no client ever holds the lock across the network. The lock is kept to the end of the
// transaction, so positions are given in the order of commits.
//
// The order of its steps matters:
//   1. A replica says so before anything is compared: one that lags would look like a log that went back.
//   2. The isolation is READ COMMITTED, so that each statement after the lock sees what others committed before it.
//   3. COMMIT waits for the disk, whatever the role's default is. The lock is waited for no longer than the caller waits.
//   4. The lock. 5. The event that the caller knows is still there. 6. Missing streams, then all appends in one statement.
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
  -- Each stream stands at most once in a group: the caller sees to it.
  with appends as materialized (
    select a.i, s.id as stream, a.expected, a.n, coalesce(h.revision, -1) as newest, sum(a.n) over (order by a.i) - a.n as at
    from unnest(streams, expected, counts) with ordinality a(name, expected, n, i)
    left join ${schema}.streams s on s.name = a.name
    left join lateral (
      select e.revision from ${schema}.events e where e.stream = s.id order by e.revision desc limit 1
    ) h on true
  ), fits as materialized (
    select f.*, head + sum(f.n) over (order by f.i) - f.n as before from appends f where f.newest = f.expected
  ), written as (
    insert into ${schema}.events (position, stream, revision, id, type, data, metadata)
    select f.before + k, f.stream, f.newest + k, x.id, x.type, x.data, x.metadata
    from unnest(owners, ids, types, datas, metadatas) with ordinality x(owner, id, type, data, metadata, o)
    join fits f on f.i = x.owner, lateral (select (x.o - f.at)::integer as k) l
  ), settled as (
    select a.i, count(*) as same, max(e.position) as last
    from appends a
    join ${schema}.events e on e.stream = a.stream and e.revision > a.expected and e.revision <= a.expected + a.n
      and e.id = ids[a.at + e.revision - a.expected]
    where a.newest <> a.expected group by a.i
  )
  select array_agg(case when a.newest = a.expected or s.same = a.n then a.expected + a.n else a.newest end order by a.i),
         array_agg(case when a.newest = a.expected then f.before + a.n when s.same = a.n then s.last end order by a.i),
         coalesce(bool_or(s.same = a.n), false)
    into revisions, positions, repeated
    from appends a left join fits f on f.i = a.i left join settled s on s.i = a.i;
  if repeated and current_setting('synchronous_standby_names') <> '' then
    perform pg_logical_emit_message(true, 'paidonce', '');
  end if;
end
`;
}

export function appendFunction(schema: string): string {
  return `create function ${schema}.append_1(
  streams text[], expected integer[], counts integer[],
  owners integer[], ids text[], types text[], datas text[], metadatas text[],
  known_position bigint, known_id text, wait_ms integer,
  out revisions integer[], out positions bigint[]
) language plpgsql volatile security invoker
set search_path = pg_catalog, pg_temp
as $body$${appendBody(schema)}$body$`;
}
