-- Token buckets of one person, whatever the room: conversations opened, uploads signed, searches. As in V0004, one
-- time is a whole bucket: `full_at`, when it is full again. Each token moves it `1 / rate` further away, from now at
-- the earliest. A request is rejected if `full_at` is more than `(burst - 1) / rate` away. The upsert that takes a token
-- locks the row, so the limit is exact under concurrency.
--
-- Both tables are UNLOGGED: they cost no WAL and no flush at commit. A crash empties them, which fills every bucket.
CREATE UNLOGGED TABLE chat_rate_limits (
    user_id uuid        NOT NULL,
    kind    text        NOT NULL,
    full_at timestamptz NOT NULL,
    CONSTRAINT chat_rate_limits_pkey PRIMARY KEY (user_id, kind),
    CONSTRAINT chat_rate_limits_kind_check CHECK (kind IN ('rooms', 'uploads', 'searches'))
);

-- set-typing: what a participant last showed in Firebase, and when the next `is_typing: true` may be written.
CREATE UNLOGGED TABLE chat_typing (
    chat_room_id uuid        NOT NULL,
    user_id      uuid        NOT NULL,
    is_typing    boolean     NOT NULL,
    next_at      timestamptz NOT NULL,
    CONSTRAINT chat_typing_pkey PRIMARY KEY (chat_room_id, user_id),
    CONSTRAINT chat_typing_chat_room_id_fkey FOREIGN KEY (chat_room_id) REFERENCES chat_rooms ON DELETE CASCADE
);
