-- Reports of messages, and blocks between users.

-- send-message, set-typing, sign-upload, create-room: each reads one entry of the primary key's index, which holds both
-- columns. The blocked user may not write to the blocker.
CREATE TABLE chat_blocks (
    blocker_id uuid        NOT NULL,
    blocked_id uuid        NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT chat_blocks_pkey PRIMARY KEY (blocker_id, blocked_id),
    CONSTRAINT chat_blocks_users_check CHECK (blocker_id <> blocked_id)
);
-- erase-user: the blocks of a user by others.
CREATE INDEX chat_blocks_blocked_idx ON chat_blocks (blocked_id);

-- A report outlives its message and its room: it has no foreign key.
CREATE TABLE chat_reports (
    id           uuid        NOT NULL,
    message_id   uuid        NOT NULL,
    chat_room_id uuid        NOT NULL,
    -- Null after the erasure of the person.
    reporter_id  uuid,
    -- The sender of the message; null after the erasure of the person.
    reported_id  uuid,
    reason       text        NOT NULL,
    comment      text        NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL,
    -- The message at the time of the report. Later edits and deletions do not change it. Null once retention or an erasure
    -- has removed it. Times are as in the API:
    -- {"seq", "message_type", "text", "image_url", "latitude", "longitude", "created_at", "edited_at", "deleted_at"}.
    -- A deleted message has its last content before the deletion.
    snapshot     jsonb,
    status       text        NOT NULL DEFAULT 'open',
    -- The admin who last changed the status, and when.
    handled_by   uuid,
    handled_at   timestamptz,
    note         text        NOT NULL DEFAULT '',
    CONSTRAINT chat_reports_pkey PRIMARY KEY (id),
    -- A repeat returns the first report.
    CONSTRAINT chat_reports_message_key UNIQUE (message_id, reporter_id),
    CONSTRAINT chat_reports_reason_check CHECK (reason IN ('harassment', 'fraud', 'spam', 'other')),
    CONSTRAINT chat_reports_status_check CHECK (status IN ('open', 'resolved', 'dismissed')),
    CONSTRAINT chat_reports_handled_check CHECK ((status = 'open') = (handled_at IS NULL))
);
-- list-reports, and the age of the oldest open report.
CREATE INDEX chat_reports_status_idx ON chat_reports (status, created_at, id);
CREATE INDEX chat_reports_created_idx ON chat_reports (created_at, id);
-- Retention, export-user and erase-user.
CREATE INDEX chat_reports_room_idx ON chat_reports (chat_room_id);
CREATE INDEX chat_reports_reporter_idx ON chat_reports (reporter_id);
CREATE INDEX chat_reports_reported_idx ON chat_reports (reported_id);
