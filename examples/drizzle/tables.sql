-- The shop's own tables, and the one of `once`: for your migrations. On PostgreSQL.
create table if not exists memberships (
  id text primary key, -- the order
  member_id text not null,
  plan text not null,
  status text not null,
  paid_at timestamptz not null
);
create table if not exists outbox (
  id integer generated always as identity primary key,
  kind text not null,
  membership_id text not null
);
create table if not exists paidonce_delivered (
  key text collate "C" primary key,
  sequence bigint not null
);
