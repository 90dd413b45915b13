-- Webhooks: the events that the platform's backend receives.
--
-- Triggers write the events, so that every writer is covered: requests, the platform's events, imports. They exist only
-- while `WEBHOOK_URL` is set: `migrate-database` creates and drops them (shared/src/db/webhooks/switch.rs). Without
-- webhooks, a message costs nothing more, and these tables stay empty.

-- What happened, without texts: the body is rendered from the room and the message when it is delivered or listed. An
-- erased or expired text is thus in no second place.
CREATE TABLE chat_webhook_events (
    -- UUIDv7 of `created_at`; the `webhook-id` of every attempt.
    id           uuid        NOT NULL,
    type         text        NOT NULL,
    -- Events with the same key are delivered in order, one at a time: the room, or a user for events without a room.
    order_key    uuid        NOT NULL,
    chat_room_id uuid,
    message_id   uuid,
    -- Ids that the room and the message do not have.
    data         jsonb       NOT NULL DEFAULT '{}',
    -- Strictly growing per `order_key`.
    created_at   timestamptz NOT NULL,
    -- When delivery was given up, after three days of attempts.
    gave_up_at   timestamptz,
    CONSTRAINT chat_webhook_events_pkey PRIMARY KEY (id),
    -- Delivery: the next events of a key.
    CONSTRAINT chat_webhook_events_order_key UNIQUE (order_key, created_at)
);

-- The delivery of each key's events: its position, its lease and its back-off.
CREATE TABLE chat_webhook_queues (
    order_key      uuid        NOT NULL,
    -- The newest event, and the newest one that is delivered or given up. Events between them are pending.
    last_at        timestamptz NOT NULL,
    settled_at     timestamptz NOT NULL DEFAULT '-infinity',
    -- A lower limit of the oldest pending event's time.
    pending_since  timestamptz NOT NULL,
    -- Failed attempts of the oldest pending event since `failing_since`. Attempts during an outage do not count.
    attempts       integer     NOT NULL DEFAULT 0,
    failing_since  timestamptz,
    deliver_after  timestamptz,
    leased_until   timestamptz,
    reserved_until timestamptz,
    CONSTRAINT chat_webhook_queues_pkey PRIMARY KEY (order_key)
) WITH (fillfactor = 50);

-- deliver-pending: keys with pending events, the longest waiting first. Normally empty.
CREATE INDEX chat_webhook_queues_pending_idx ON chat_webhook_queues (deliver_after NULLS FIRST) WHERE last_at > settled_at;
-- maintain-rooms: keys whose events have all been removed.
CREATE INDEX chat_webhook_queues_last_idx ON chat_webhook_queues (last_at);

-- The endpoint has responded with 410 and gets nothing until an operator resumes the delivery.
SET LOCAL lock_timeout = '10s';
ALTER TABLE chat_delivery_channels ADD COLUMN stopped_at timestamptz;
INSERT INTO chat_delivery_channels (name) VALUES ('webhooks');

-- A UUIDv7 whose order is the order of the times, to the microsecond (RFC 9562, section 6.2, method 3).
CREATE FUNCTION chat_webhook_event_id(at timestamptz) RETURNS uuid
    LANGUAGE plpgsql VOLATILE
    AS $$
    DECLARE
        micros bigint := (extract(epoch FROM at) * 1000000)::bigint;
    BEGIN
        RETURN (lpad(to_hex(micros / 1000), 12, '0') || '7' || lpad(to_hex(micros % 1000 * 4), 3, '0')
                || '8' || substr(replace(gen_random_uuid()::text, '-', ''), 18))::uuid;
    END
    $$;

-- Adds an event. The row of the key is locked first and until the commit, so that the times of a key's events grow in
-- the order of the commits. A transaction that adds events of several rooms has locked these rooms before, which
-- prevents deadlocks.
CREATE FUNCTION chat_webhook_event_add(event_type text, event_key uuid, room_id uuid, event_message_id uuid, event_data jsonb)
    RETURNS void
    LANGUAGE plpgsql
    AS $$
    DECLARE
        at timestamptz;
    BEGIN
        INSERT INTO chat_webhook_queues AS queue (order_key, last_at, pending_since)
        VALUES (event_key, clock_timestamp(), clock_timestamp())
        ON CONFLICT (order_key) DO UPDATE
        SET last_at = greatest(clock_timestamp(), queue.last_at + interval '1 microsecond'),
            pending_since = CASE WHEN queue.last_at > queue.settled_at THEN queue.pending_since ELSE clock_timestamp() END
        RETURNING last_at INTO at;
        INSERT INTO chat_webhook_events (id, type, order_key, chat_room_id, message_id, data, created_at)
        VALUES (chat_webhook_event_id(at), event_type, event_key, room_id, event_message_id, event_data, at);
    END
    $$;

-- The trigger's argument is the type of the event.
CREATE FUNCTION chat_webhook_of_room() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        PERFORM chat_webhook_event_add(TG_ARGV[0], NEW.id, NEW.id, NULL, '{}');
        RETURN NULL;
    END
    $$;
CREATE FUNCTION chat_webhook_of_message() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        PERFORM chat_webhook_event_add(TG_ARGV[0], NEW.chat_room_id, NEW.chat_room_id, NEW.id, '{}');
        RETURN NULL;
    END
    $$;
