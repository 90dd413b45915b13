-- Pushes: which devices are told of a message, and which of them have not been yet.

-- The devices that people are signed in on.
CREATE TABLE chat_devices (
    -- FCM's registration token: an installation of the app, on which one person is signed in at a time.
    token         text        NOT NULL,
    user_id       uuid        NOT NULL,
    registered_at timestamptz NOT NULL,
    CONSTRAINT chat_devices_pkey PRIMARY KEY (token)
);

-- Every message: the devices of its recipients; register-device: the oldest of a person.
CREATE INDEX chat_devices_user_idx ON chat_devices (user_id, registered_at);

-- When somebody wants pushes; who has no row wants them always.
CREATE TABLE chat_notification_settings (
    user_id      uuid    NOT NULL,
    push_enabled boolean NOT NULL,
    -- From a time of day to another, maybe on the next day; both or none.
    quiet_from   time,
    quiet_to     time,
    time_zone    text    NOT NULL,
    CONSTRAINT chat_notification_settings_pkey PRIMARY KEY (user_id),
    CONSTRAINT chat_notification_settings_quiet_check CHECK ((quiet_from IS NULL) = (quiet_to IS NULL))
);

ALTER TABLE chat_rooms
    ADD COLUMN muted_by_driver     boolean NOT NULL DEFAULT false,
    ADD COLUMN muted_by_other_user boolean NOT NULL DEFAULT false;

-- A zone that the server does not know (any more) must not keep a message from being sent: then no hour is quiet.
CREATE FUNCTION chat_is_quiet(at timestamptz, quiet_from time, quiet_to time, time_zone text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
    DECLARE
        local_time time;
    BEGIN
        local_time := at AT TIME ZONE time_zone;
        IF quiet_from <= quiet_to THEN
            RETURN local_time >= quiet_from AND local_time < quiet_to;
        END IF;
        RETURN local_time >= quiet_from OR local_time < quiet_to;
    EXCEPTION WHEN invalid_parameter_value THEN
        RETURN false;
    END
    $$;

-- Whose devices are pushed to for a room, as of now.
CREATE VIEW chat_push_targets AS
SELECT room.id AS chat_room_id, device.token, device.user_id
FROM chat_rooms AS room
JOIN chat_devices AS device ON device.user_id = ANY (ARRAY[room.driver_id, room.other_user_id])
LEFT JOIN chat_notification_settings AS settings ON settings.user_id = device.user_id
WHERE NOT CASE device.user_id WHEN room.driver_id THEN room.muted_by_driver ELSE room.muted_by_other_user END
  AND coalesce(settings.push_enabled, true)
  AND (settings.quiet_from IS NULL
       OR NOT chat_is_quiet(clock_timestamp(), settings.quiet_from, settings.quiet_to, settings.time_zone));

-- What is to be pushed: one row for a room and a device, whatever was said there since the last push. Like the mirror
-- it is state and not events: a burst of messages is one push, of the newest that is still unread then.
CREATE TABLE chat_pushes (
    chat_room_id uuid        NOT NULL,
    token        text        NOT NULL,
    -- The messages that the device has not been told of.
    first_seq    bigint      NOT NULL,
    last_seq     bigint      NOT NULL,
    -- When the newest of them was sent: an hour later nobody wants to hear of it any more.
    queued_at    timestamptz NOT NULL,
    -- Not before: while it is being pushed, and after a failure. A new message changes nothing of either.
    push_after   timestamptz NOT NULL,
    attempts     integer     NOT NULL DEFAULT 0,
    CONSTRAINT chat_pushes_pkey PRIMARY KEY (chat_room_id, token)
);

-- send-pushes: the longest waiting first; empty at rest.
CREATE INDEX chat_pushes_due_idx ON chat_pushes (push_after);

-- A trigger, because whoever writes a message (a sender, the platform, an import) should not have to know of this. In
-- the order of the tokens, so that two senders never wait for each other in a circle.
CREATE FUNCTION chat_pushes_queue() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        INSERT INTO chat_pushes AS push (chat_room_id, token, first_seq, last_seq, queued_at, push_after)
        SELECT message.chat_room_id, target.token, min(message.seq), max(message.seq), clock_timestamp(), clock_timestamp()
        FROM new_messages AS message
        JOIN chat_push_targets AS target
          ON target.chat_room_id = message.chat_room_id AND target.user_id IS DISTINCT FROM message.sender_id
        GROUP BY message.chat_room_id, target.token
        ORDER BY message.chat_room_id, target.token
        ON CONFLICT (chat_room_id, token) DO UPDATE
        SET last_seq = greatest(push.last_seq, EXCLUDED.last_seq), queued_at = EXCLUDED.queued_at;
        RETURN NULL;
    END
    $$;
CREATE TRIGGER chat_messages_pushes
    AFTER INSERT ON chat_messages REFERENCING NEW TABLE AS new_messages
    FOR EACH STATEMENT EXECUTE FUNCTION chat_pushes_queue();
