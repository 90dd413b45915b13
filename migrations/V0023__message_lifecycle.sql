-- The life of a message: edited, deleted, delivered.

SET LOCAL lock_timeout = '5s';

-- What a message contained before an edit or a deletion, for dispute access and reports. No API response contains it.
--
-- It has no foreign key: `chat_messages` needs no further unique index, and can be partitioned by room.
CREATE TABLE chat_message_versions (
    message_id uuid             NOT NULL,
    -- The last revision of the message with this content. A message had the content of its version with the smallest
    -- revision from R at its revision R, and its current content if there is none.
    revision   bigint           NOT NULL,
    text       text             NOT NULL,
    image_url  text             NOT NULL,
    -- WGS 84 degrees.
    latitude   double precision,
    longitude  double precision,
    -- When the edit or the deletion replaced it.
    changed_at timestamptz      NOT NULL,
    CONSTRAINT chat_message_versions_pkey PRIMARY KEY (message_id, revision)
);

-- Columns without a volatile default: no table is rewritten, and the locks are held for a moment. The lock on the rooms
-- comes first, as in every statement that writes both tables.
--
-- Messages up to this `seq` have reached a device of the participant. The values only grow, up to `message_count`.
ALTER TABLE chat_rooms
    ADD COLUMN driver_delivered_seq     bigint NOT NULL DEFAULT 0,
    ADD COLUMN other_user_delivered_seq bigint NOT NULL DEFAULT 0;

-- A deleted message stays as a tombstone: its texts are empty, its coordinates null. It is neither read nor unread.
--
-- `chat_messages_unread_idx` (V0002) still contains tombstones that nobody had read: a new index would block senders
-- while it is built. They are few, because a message can be deleted only for a short time.
ALTER TABLE chat_messages
    ADD COLUMN edited_at  timestamptz,
    ADD COLUMN deleted_at timestamptz;

-- Versions disappear with their message, whatever deletes it.
CREATE FUNCTION chat_message_versions_remove() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        DELETE FROM chat_message_versions WHERE message_id IN (SELECT id FROM removed_messages);
        RETURN NULL;
    END
    $$;
CREATE TRIGGER chat_messages_versions
    AFTER DELETE ON chat_messages REFERENCING OLD TABLE AS removed_messages
    FOR EACH STATEMENT EXECUTE FUNCTION chat_message_versions_remove();
