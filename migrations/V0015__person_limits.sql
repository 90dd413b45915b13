-- Token buckets per user, across rooms: conversations opened, uploads signed, searches. As in V0004, one time
-- represents a bucket: `full_at`, when it is full again. Each token moves it by `1 / rate`, from now at the earliest.
-- A request is rejected if `full_at` is more than `(burst - 1) / rate` away. The upsert that takes a token locks the
-- row, so the limit is exact under concurrency.
--
-- Both tables are UNLOGGED: they need no WAL and no flush at commit. A crash empties them, which fills every bucket.
CREATE UNLOGGED TABLE chat_rate_limits (
    user_id uuid        NOT NULL,
    kind    text        NOT NULL,
    full_at timestamptz NOT NULL,
    CONSTRAINT chat_rate_limits_pkey PRIMARY KEY (user_id, kind),
    CONSTRAINT chat_rate_limits_kind_check CHECK (kind IN ('rooms', 'uploads', 'searches'))
);

-- set-typing: the state that a participant last wrote to Firebase, and the earliest time of the next `is_typing:
-- true`.
CREATE UNLOGGED TABLE chat_typing (
    chat_room_id uuid        NOT NULL,
    user_id      uuid        NOT NULL,
    is_typing    boolean     NOT NULL,
    next_at      timestamptz NOT NULL,
    CONSTRAINT chat_typing_pkey PRIMARY KEY (chat_room_id, user_id),
    CONSTRAINT chat_typing_chat_room_id_fkey FOREIGN KEY (chat_room_id) REFERENCES chat_rooms ON DELETE CASCADE
);

-- register-device: a user has at most ten devices; a further one replaces the one registered longest ago. This is a
-- trigger, because only a statement after the lock sees concurrent registrations.
CREATE FUNCTION chat_devices_keep_ten() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('chat_devices/' || NEW.user_id, 0));
        DELETE FROM chat_devices WHERE token IN (
            SELECT token FROM chat_devices
            WHERE user_id = NEW.user_id AND token <> NEW.token
            ORDER BY registered_at DESC, token OFFSET 9
        );
        RETURN NULL;
    END
    $$;
CREATE TRIGGER chat_devices_keep_ten_registered
    AFTER INSERT ON chat_devices
    FOR EACH ROW EXECUTE FUNCTION chat_devices_keep_ten();
CREATE TRIGGER chat_devices_keep_ten_taken_over
    AFTER UPDATE OF user_id ON chat_devices
    FOR EACH ROW WHEN (NEW.user_id <> OLD.user_id)
    EXECUTE FUNCTION chat_devices_keep_ten();
