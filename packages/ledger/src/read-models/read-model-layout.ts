// The tables of the read models' file.

/** "PdRm" in the file's header: the file holds read models, and may be dropped. Any other file is left as it is. */
export const applicationId = 0x5064526d;
/** A file with another number is dropped and rebuilt. Raise it for a changed table, a changed fold of a row, or a new event of a sweep. */
export const layout = 19;

/** The tables of an empty file, and its header. */
export const schema: string = `
  create table cursors (name text primary key, position text not null) without rowid;
  -- The last event behind each cursor: tells whether the file belongs to the log.
  create table last_events (name text primary key, stream text not null, revision integer not null, event_id text not null) without rowid;
  -- With rowids: without them half of each state would lie on a page of its own (measured: 149 MiB for 33,000 orders against 66, and
  -- 13 µs to find and compare a row against 4).
  create table orders (
    order_id text primary key not null,
    state text not null,
    member_id text,
    plan text,
    status text not null,
    since text,
    awaited_until text,
    pending integer not null,
    account text,
    livemode integer,
    placed_at text,
    listed_until text,
    unsettled integer not null,
    abandoned integer not null,
    paid_at text,
    granted_paid_at text,
    withdrawn_until text,
    newest_at text,
    granted_at text,
    grant_unsaved integer not null,
    rescued integer not null,
    saved_at text,
    pending_since text,
    last_error text,
    next_try_at text,
    gives_up_at text,
    action text,
    claims text
  );
  -- In any case of letters: a search finds by it too.
  create index orders_by_member on orders (member_id collate nocase, placed_at, order_id) where member_id is not null;
  -- With what lists are filtered by, so that an order that is not listed is passed over without reading its row.
  create index orders_newest on orders (placed_at, order_id, status, plan, account) where placed_at is not null;
  -- With the time, so that those who never came back are passed over without reading their rows.
  create index orders_awaited on orders (order_id, awaited_until) where awaited_until is not null;
  create index orders_pending on orders (order_id, pending_since) where pending = 1;
  create index orders_undelivered on orders (order_id) where pending + abandoned > 0;
  create index orders_listed on orders (account, livemode, listed_until, placed_at) where listed_until is not null;
  create index orders_unsettled on orders (account, livemode) where unsettled = 1;
  create index orders_unsettled_by_id on orders (order_id) where unsettled = 1;
  create index orders_paid on orders (account, livemode, paid_at) where paid_at is not null;
  create index orders_granted on orders (member_id, plan, granted_paid_at) where granted_paid_at is not null;
  -- Of those that count as rescued, the newest: a webhook may still take them back.
  create index orders_rescued on orders (granted_at) where rescued = 1;
  create index orders_withdrawn on orders (order_id, withdrawn_until) where withdrawn_until is not null;
  -- An order that was granted, and one granted before it to the same member for the same plan, paid at about the same time.
  create table duplicates (order_id text not null, other_id text not null, primary key (order_id, other_id)) without rowid;
  -- One row for each account and mode in which an order was ever placed.
  create table accounts (
    account text not null,
    livemode integer not null,
    first_placed_at text not null,
    ever_paid integer not null,
    primary key (account, livemode)
  ) without rowid;
  create table reviews (order_id text not null, review_id text not null, review text not null, primary key (order_id, review_id)) without rowid;
  create index reviews_oldest on reviews (json_extract(review, '$.openedAt'), order_id, review_id);
  -- The lists that an order waits in: awaiting (until a time), undelivered, suspended. Reviews are a list of their own.
  create table queued (
    queue text not null,
    since text not null,
    order_id text not null,
    until text,
    primary key (queue, since, order_id)
  ) without rowid;
  -- What an order can be found by: kind 0 is its own id, 1 an object of the provider.
  create table names (
    id text not null collate nocase,
    kind integer not null,
    order_id text not null,
    primary key (id, kind, order_id)
  ) without rowid;
  -- Payments that no order is known for, by their reference names; facts is what was reported, joined.
  create table held (
    reference text primary key not null,
    id text not null collate nocase,
    facts text not null,
    claims text,
    source text not null,
    since text not null
  ) without rowid;
  create index held_by_id on held (id);
  create index held_oldest on held (since, reference);
  create table unreadable (object_id text primary key not null, object text not null, since text not null, read_since text) without rowid;
  create index unreadable_oldest on unreadable (read_since is not null, since, object_id);
  create index unreadable_unread on unreadable (since) where read_since is null;
  -- Counters by the hour: whole hours since 1970, UTC.
  create table hours (
    hour integer not null,
    account text not null,
    livemode integer not null,
    source text not null,
    grants integer not null,
    rescued integer not null,
    webhooks integer not null,
    missed integer not null,
    last_webhook_at text not null,
    primary key (hour, account, livemode, source)
  ) without rowid;
  create index hours_of_webhooks on hours (account, livemode, hour) where webhooks > 0;
  create table latencies (
    hour integer not null,
    account text not null,
    livemode integer not null,
    stage text not null,
    bucket integer not null,
    count integer not null,
    total_ms integer not null,
    primary key (hour, account, livemode, stage, bucket)
  ) without rowid;
  create table waits (
    hour integer not null,
    account text not null,
    livemode integer not null,
    longest_ms integer not null,
    primary key (hour, account, livemode)
  ) without rowid;
  -- What people did: one row for each event that names who acted.
  create table actions (
    position text primary key not null,
    at text not null,
    actor text not null,
    reason text,
    action text not null,
    order_id text,
    subscription_id text,
    run_id text,
    outcome text not null
  ) without rowid;
  create index actions_by_actor on actions (actor, position);
  create index actions_by_kind on actions (action, position);
  create index actions_by_order on actions (order_id, position) where order_id is not null;
  create index actions_by_subscription on actions (subscription_id, position) where subscription_id is not null;
  create index actions_by_run on actions (run_id) where run_id is not null;
  -- Of subscriptions: when each must be looked at next follows from its state, the policy that its newest event names, and, where it
  -- was paid at an unknown price, the newest policy.
  create table subscriptions (
    subscription_id text primary key not null,
    state text not null,
    member_id text,
    kind text,
    plan text,
    quantity integer,
    status text not null,
    since text,
    valid_until text,
    due_at text,
    sub text,
    customer text,
    looked_at text,
    account text,
    livemode integer,
    placed_at text,
    living integer not null,
    open_invoices integer not null,
    unsettled integer not null,
    pending integer not null,
    abandoned integer not null,
    doubtful integer not null,
    policy text not null,
    paid_through text,
    decided_at text,
    dunning_since text,
    last_error text,
    next_try_at text,
    action text
  );
  create index subscriptions_newest on subscriptions (placed_at, subscription_id) where placed_at is not null;
  create index subscriptions_dunning on subscriptions (dunning_since, subscription_id) where dunning_since is not null;
  create index subscriptions_paid_through on subscriptions (paid_through) where status = 'active';
  create index subscriptions_by_member on subscriptions (member_id, subscription_id) where member_id is not null;
  create index subscriptions_due on subscriptions (due_at, subscription_id) where due_at is not null;
  create index subscriptions_undelivered on subscriptions (subscription_id) where pending + abandoned > 0;
  create index subscriptions_doubtful on subscriptions (subscription_id) where doubtful = 1;
  create index subscriptions_by_account on subscriptions (account, livemode, placed_at, living, due_at, open_invoices, sub) where account is not null;
  create index subscriptions_open_invoices on subscriptions (subscription_id) where open_invoices > 0 and sub is not null;
  create index subscriptions_unsettled on subscriptions (subscription_id) where unsettled = 1 and sub is not null;
  create index subscriptions_by_customer on subscriptions (customer) where customer is not null;
  create table subscription_reviews (
    subscription_id text not null,
    review_id text not null,
    review text not null,
    primary key (subscription_id, review_id)
  ) without rowid;
  -- By the revision of the event that adopted it.
  create table subscription_policies (revision integer primary key not null, adopted text not null, adopted_at text not null);
  -- The folded stream of each tier, and its last event: tells whether the row belongs to the stream.
  create table sweeps (tier text primary key not null, state text not null, event_id text not null) without rowid;
  -- Streams that the roll-forward could not hand on, though its cursor has passed them: from the first event to the last that waits.
  create table skipped_streams (
    stream text primary key not null,
    first_revision integer not null,
    last_revision integer not null,
    code text not null,
    message text not null
  ) without rowid;
  pragma application_id = ${applicationId};
  pragma user_version = ${layout};
`;
