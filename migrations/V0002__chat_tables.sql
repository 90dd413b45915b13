-- The conversations and their messages: the truth that Firebase mirrors.

CREATE TABLE chat_rooms (
    id                       uuid        NOT NULL,
    room_type                text        NOT NULL,
    driver_id                uuid        NOT NULL,
    other_user_id            uuid        NOT NULL,
    -- Null: a conversation about no delivery in particular; of those there is one per pair, too.
    delivery_id              uuid,
    is_active                boolean     NOT NULL DEFAULT true,
    created_at               timestamptz NOT NULL DEFAULT now(),

    -- What the list shows of the newest message; all empty before the first.
    last_message_text        text        NOT NULL DEFAULT '',
    last_message_at          timestamptz,
    last_message_sender_id   uuid,

    -- Messages are numbered 1 … message_count without a gap: the count of a history, and its pages, are arithmetic.
    message_count            bigint      NOT NULL DEFAULT 0,
    -- Messages received and not read, by side; kept in the transaction that writes or reads the message.
    driver_unread_count      bigint      NOT NULL DEFAULT 0,
    other_user_unread_count  bigint      NOT NULL DEFAULT 0,
    archived_by_driver       boolean     NOT NULL DEFAULT false,
    archived_by_other_user   boolean     NOT NULL DEFAULT false,

    -- The mirror: every change that Firebase shows adds one to `revision`; `mirrored_revision` is the newest one
    -- known to have arrived. Failures count up `mirror_attempts` and wait until `mirror_after`;
    -- `mirror_claimed_until` is set while one mirror of this room is under way, so that others wait for the next;
    -- `behind_since` is when the oldest change was made that has not arrived.
    revision                 bigint      NOT NULL DEFAULT 1,
    mirrored_revision        bigint      NOT NULL DEFAULT 0,
    mirror_attempts          integer     NOT NULL DEFAULT 0,
    mirror_after             timestamptz,
    mirror_claimed_until     timestamptz,
    behind_since             timestamptz DEFAULT now(),

    CONSTRAINT chat_rooms_pkey PRIMARY KEY (id),
    -- One conversation per driver, other user and delivery, "no delivery" being one value. It also finds the room
    -- that create-room was asked for.
    CONSTRAINT chat_rooms_participants_key UNIQUE NULLS NOT DISTINCT (driver_id, other_user_id, delivery_id),
    CONSTRAINT chat_rooms_room_type_check CHECK (room_type IN ('delivery', 'support')),
    CONSTRAINT chat_rooms_participants_check CHECK (driver_id <> other_user_id),
    CONSTRAINT chat_rooms_unread_check CHECK (driver_unread_count >= 0 AND other_user_unread_count >= 0)
);

CREATE TABLE chat_messages (
    -- UUID version 7, made by the function that sends: a repeat after a lost connection is known by it.
    id                uuid        NOT NULL,
    chat_room_id      uuid        NOT NULL,
    -- 1 upwards in the order of commit, without a gap: the order of the conversation.
    seq               bigint      NOT NULL,
    -- Null: the platform itself.
    sender_id         uuid,
    message_type      text        NOT NULL,
    text              text        NOT NULL DEFAULT '',
    image_url         text        NOT NULL DEFAULT '',
    -- WGS 84 degrees.
    latitude          double precision,
    longitude         double precision,
    read_at           timestamptz,
    -- Grows strictly with seq inside a room: phones order by time.
    created_at        timestamptz NOT NULL,
    client_message_id uuid,
    -- The room's revision that wrote or last changed this message.
    revision          bigint      NOT NULL,

    CONSTRAINT chat_messages_pkey PRIMARY KEY (id),
    CONSTRAINT chat_messages_chat_room_id_fkey FOREIGN KEY (chat_room_id) REFERENCES chat_rooms (id),
    -- Every history page, backfill and mirror read: a range of seq in one room.
    CONSTRAINT chat_messages_chat_room_id_seq_key UNIQUE (chat_room_id, seq),
    CONSTRAINT chat_messages_message_type_check CHECK (message_type IN ('text', 'image', 'location', 'system'))
);

-- send-message: the repeat of a client_message_id; unique, so that two repeats beside each other leave one message.
CREATE UNIQUE INDEX chat_messages_client_message_id_key
    ON chat_messages (chat_room_id, sender_id, client_message_id)
    WHERE client_message_id IS NOT NULL;

-- mark-room-read, mark-messages-read by room: what is unread in a room, however long its history.
CREATE INDEX chat_messages_unread_idx ON chat_messages (chat_room_id, seq) WHERE read_at IS NULL;

-- list-rooms: the rooms of one person, newest message first. The guide's "(driver, is_active)", for both sides; the
-- active ones only, which is all that the list ever shows.
CREATE INDEX chat_rooms_driver_idx ON chat_rooms (driver_id, last_message_at DESC NULLS LAST, id) WHERE is_active;
CREATE INDEX chat_rooms_other_user_idx ON chat_rooms (other_user_id, last_message_at DESC NULLS LAST, id) WHERE is_active;

-- unread-count: the sum over the few rooms of a person that have something unread, without touching the others.
CREATE INDEX chat_rooms_driver_unread_idx ON chat_rooms (driver_id) INCLUDE (driver_unread_count)
    WHERE is_active AND driver_unread_count > 0;
CREATE INDEX chat_rooms_other_user_unread_idx ON chat_rooms (other_user_id) INCLUDE (other_user_unread_count)
    WHERE is_active AND other_user_unread_count > 0;

-- mirror-rooms: the rooms that Firebase has not seen yet, the longest waiting first; empty at rest.
CREATE INDEX chat_rooms_mirror_idx ON chat_rooms (mirror_after NULLS FIRST) WHERE revision > mirrored_revision;
