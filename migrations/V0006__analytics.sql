-- chat-analytics: numbers that are counted as things happen, so that no call counts the history again.
--
-- What happens is noted in a log that has no index and is only ever appended to, so that a sender waits for nobody.
-- roll-up-analytics takes from it and adds to the tables below, in one statement: each note counts exactly once,
-- however late its transaction commits. docs/analytics.md has the whole of it.

CREATE TABLE chat_analytics_log (
    event        text        NOT NULL,
    -- When it happened; of a message that was read, when it was sent.
    at           timestamptz NOT NULL,
    -- How many at once.
    number       bigint      NOT NULL DEFAULT 1,
    chat_room_id uuid,
    -- Of a message.
    message_type text,
    sender_id    uuid,
    seq          bigint,
    CONSTRAINT chat_analytics_log_event_check
        CHECK (event IN ('message', 'read_in_time', 'room', 'mirrored', 'mirror_failed'))
);

-- Buckets of a quarter of an hour: the days of every time zone of today begin with one, also in Kathmandu (+05:45).
CREATE FUNCTION chat_analytics_quarter(at timestamptz) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN date_bin('15 minutes', at, '2000-01-01 00:00:00+00');

-- How many of a thing happened; `kind` is the type of a message.
CREATE TABLE chat_analytics_counts (
    quarter timestamptz NOT NULL,
    event   text        NOT NULL,
    kind    text        NOT NULL,
    number  bigint      NOT NULL,
    CONSTRAINT chat_analytics_counts_pkey PRIMARY KEY (quarter, event, kind)
);

-- In which rooms somebody wrote.
CREATE TABLE chat_analytics_active_rooms (
    quarter      timestamptz NOT NULL,
    chat_room_id uuid        NOT NULL,
    CONSTRAINT chat_analytics_active_rooms_pkey PRIMARY KEY (quarter, chat_room_id)
);

-- How long the first answers took, as a histogram: counts add up over any time, which percentiles do not. `step` s
-- counts answers from 2^(s/16) to 2^((s+1)/16) seconds, so its middle is off by at most 2.2 %.
CREATE TABLE chat_analytics_answers (
    quarter timestamptz NOT NULL,
    side    text        NOT NULL,
    step    smallint    NOT NULL,
    number  bigint      NOT NULL,
    CONSTRAINT chat_analytics_answers_pkey PRIMARY KEY (quarter, side, step),
    CONSTRAINT chat_analytics_answers_side_check CHECK (side IN ('driver', 'other_user'))
);

-- Up to when everything has been counted; one row.
CREATE TABLE chat_analytics_progress (
    rolled_up_at timestamptz NOT NULL
);
INSERT INTO chat_analytics_progress (rolled_up_at) VALUES ('-infinity');

CREATE FUNCTION chat_analytics_note_messages() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        INSERT INTO chat_analytics_log (event, at, chat_room_id, message_type, sender_id, seq)
        SELECT 'message', created_at, chat_room_id, message_type, sender_id, seq FROM new_messages;
        RETURN NULL;
    END
    $$;
CREATE TRIGGER chat_messages_analytics_sent
    AFTER INSERT ON chat_messages REFERENCING NEW TABLE AS new_messages
    FOR EACH STATEMENT EXECUTE FUNCTION chat_analytics_note_messages();

-- By statement, since marking reads many messages at once.
CREATE FUNCTION chat_analytics_note_reads() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        INSERT INTO chat_analytics_log (event, at, number)
        SELECT 'read_in_time', chat_analytics_quarter(after.created_at), count(*)
        FROM messages_after AS after JOIN messages_before AS before USING (id)
        WHERE before.read_at IS NULL AND after.read_at <= after.created_at + interval '5 minutes'
        GROUP BY 2;
        RETURN NULL;
    END
    $$;
CREATE TRIGGER chat_messages_analytics_read
    AFTER UPDATE ON chat_messages REFERENCING OLD TABLE AS messages_before NEW TABLE AS messages_after
    FOR EACH STATEMENT EXECUTE FUNCTION chat_analytics_note_reads();

CREATE FUNCTION chat_analytics_note_room() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        INSERT INTO chat_analytics_log (event, at) VALUES (TG_ARGV[0], clock_timestamp());
        RETURN NULL;
    END
    $$;
CREATE TRIGGER chat_rooms_analytics_created
    AFTER INSERT ON chat_rooms
    FOR EACH ROW EXECUTE FUNCTION chat_analytics_note_room('room');
-- The conditions are checked before the function is called, and nearly always fail.
CREATE TRIGGER chat_rooms_analytics_mirrored
    AFTER UPDATE OF mirrored_revision ON chat_rooms
    FOR EACH ROW WHEN (NEW.mirrored_revision > OLD.mirrored_revision)
    EXECUTE FUNCTION chat_analytics_note_room('mirrored');
CREATE TRIGGER chat_rooms_analytics_mirror_failed
    AFTER UPDATE OF mirror_attempts ON chat_rooms
    FOR EACH ROW WHEN (NEW.mirror_attempts > OLD.mirror_attempts)
    EXECUTE FUNCTION chat_analytics_note_room('mirror_failed');

-- What happened before; of the mirror nothing is known.
INSERT INTO chat_analytics_log (event, at, chat_room_id, message_type, sender_id, seq)
SELECT 'message', created_at, chat_room_id, message_type, sender_id, seq FROM chat_messages;
INSERT INTO chat_analytics_log (event, at, number)
SELECT 'read_in_time', chat_analytics_quarter(created_at), count(*)
FROM chat_messages WHERE read_at <= created_at + interval '5 minutes' GROUP BY 2;
INSERT INTO chat_analytics_log (event, at)
SELECT 'room', created_at FROM chat_rooms;
