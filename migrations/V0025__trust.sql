-- Dispute access with an audit log, legal hold, retention, and the erasure of a person's data.

-- Index builds block writers of their tables until the commit. They come first, so that the strong lock below is held
-- only for a moment.
SET LOCAL lock_timeout = '5s';

-- Retention: the closed rooms, the longest closed first. The expression is the time of the closing; a room that was
-- closed by hand has no `closes_at`.
CREATE INDEX chat_rooms_closed_idx ON chat_rooms ((greatest(closes_at, last_message_at, created_at))) WHERE NOT is_active;
-- Retention: old events, and devices that have not been registered for long.
CREATE INDEX chat_events_received_idx ON chat_events (received_at);
CREATE INDEX chat_devices_registered_idx ON chat_devices (registered_at);

-- Who has read or changed what beyond their own rooms. A read is recorded by the statement that reads.
CREATE TABLE chat_audit_log (
    -- The order of the log.
    id         bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- An admin; null: the platform's backend.
    actor_id   uuid,
    action     text        NOT NULL,
    room_id    uuid,
    -- The person or the message concerned.
    subject_id uuid,
    -- The reason that the admin gave.
    reason     text        NOT NULL DEFAULT '',
    CONSTRAINT chat_audit_log_pkey PRIMARY KEY (id)
);
-- list-audit-log of a room.
CREATE INDEX chat_audit_log_room_idx ON chat_audit_log (room_id, id) WHERE room_id IS NOT NULL;

CREATE FUNCTION chat_audit_log_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        RAISE EXCEPTION 'chat_audit_log is append-only' USING ERRCODE = 'insufficient_privilege';
    END
    $$;
CREATE TRIGGER chat_audit_log_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON chat_audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION chat_audit_log_append_only();

-- An admin's access to a room of others, for reading.
CREATE TABLE chat_room_access (
    chat_room_id uuid        NOT NULL,
    admin_id     uuid        NOT NULL,
    expires_at   timestamptz NOT NULL,
    CONSTRAINT chat_room_access_pkey PRIMARY KEY (chat_room_id, admin_id),
    CONSTRAINT chat_room_access_chat_room_id_fkey FOREIGN KEY (chat_room_id) REFERENCES chat_rooms ON DELETE CASCADE
);

-- Retention: rooms without messages, to be removed from Firebase and then from chat_rooms. Normally empty.
CREATE TABLE chat_room_removals (
    chat_room_id uuid        NOT NULL,
    emptied_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT chat_room_removals_pkey PRIMARY KEY (chat_room_id),
    CONSTRAINT chat_room_removals_chat_room_id_fkey FOREIGN KEY (chat_room_id) REFERENCES chat_rooms ON DELETE CASCADE
);

-- The people whose data was erased, or is being erased.
CREATE TABLE chat_erasures (
    user_id      uuid        NOT NULL,
    requested_at timestamptz NOT NULL,
    -- Null while rooms remain, other than those under legal hold.
    finished_at  timestamptz,
    -- Messages that have become tombstones.
    messages     bigint      NOT NULL DEFAULT 0,
    CONSTRAINT chat_erasures_pkey PRIMARY KEY (user_id)
);
-- maintain-rooms: the erasures in progress, the oldest first. Normally empty.
CREATE INDEX chat_erasures_pending_idx ON chat_erasures (requested_at) WHERE finished_at IS NULL;

-- The rooms in which the erasure of a person is not complete. Rooms under legal hold stay here.
CREATE TABLE chat_erasure_rooms (
    user_id      uuid NOT NULL,
    chat_room_id uuid NOT NULL,
    CONSTRAINT chat_erasure_rooms_pkey PRIMARY KEY (user_id, chat_room_id),
    CONSTRAINT chat_erasure_rooms_user_id_fkey FOREIGN KEY (user_id) REFERENCES chat_erasures ON DELETE CASCADE,
    CONSTRAINT chat_erasure_rooms_chat_room_id_fkey FOREIGN KEY (chat_room_id) REFERENCES chat_rooms ON DELETE CASCADE
);
-- The foreign key's check when a room is removed.
CREATE INDEX chat_erasure_rooms_room_idx ON chat_erasure_rooms (chat_room_id);

-- Photos of erased messages, until the platform has confirmed that it has deleted them, or for 30 days.
CREATE TABLE chat_erasure_photos (
    id         bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    user_id    uuid        NOT NULL,
    url        text        NOT NULL,
    erased_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT chat_erasure_photos_pkey PRIMARY KEY (user_id, id),
    CONSTRAINT chat_erasure_photos_user_id_fkey FOREIGN KEY (user_id) REFERENCES chat_erasures ON DELETE CASCADE
);

-- A room under legal hold is neither removed by retention nor changed by an erasure.
ALTER TABLE chat_rooms ADD COLUMN legal_hold boolean NOT NULL DEFAULT false;
