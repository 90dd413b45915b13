-- send-message: a message costs its sender less. One trigger replaces three, and the words of new messages are indexed in
-- batches by maintain-rooms.

SET LOCAL lock_timeout = '5s';

-- Messages whose words are not in chat_message_search yet: the new and the edited ones. A search reads them, too.
CREATE TABLE chat_message_search_pending (
    -- The room's, which never change.
    driver_id     uuid        NOT NULL,
    other_user_id uuid        NOT NULL,
    chat_room_id  uuid        NOT NULL,
    message_id    uuid        NOT NULL,
    created_at    timestamptz NOT NULL,
    CONSTRAINT chat_message_search_pending_pkey PRIMARY KEY (driver_id, message_id)
);
CREATE INDEX chat_message_search_pending_other_user_idx ON chat_message_search_pending (other_user_id);

DROP TRIGGER chat_messages_analytics_sent ON chat_messages;
DROP TRIGGER chat_messages_pushes ON chat_messages;
DROP TRIGGER chat_messages_search ON chat_messages;
DROP FUNCTION chat_analytics_note_messages();
DROP FUNCTION chat_pushes_queue();
DROP FUNCTION chat_message_search_keep();

-- A trigger, so that every writer is covered: requests, the platform's events, imports. It is a row trigger, because nearly
-- every statement inserts one message, and a transition table costs more than a row.
--
-- The condition on `user_id` finds the recipients' devices by an index. Devices are in the order of their tokens, so that
-- two senders cannot deadlock.
CREATE FUNCTION chat_messages_sent() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    DECLARE
        room record;
    BEGIN
        SELECT driver_id, other_user_id INTO STRICT room FROM chat_rooms WHERE id = NEW.chat_room_id;
        INSERT INTO chat_analytics_log (event, at, chat_room_id, message_type, sender_id, seq)
        VALUES ('message', NEW.created_at, NEW.chat_room_id, NEW.message_type, NEW.sender_id, NEW.seq);
        IF NEW.text <> '' THEN
            INSERT INTO chat_message_search_pending (driver_id, other_user_id, chat_room_id, message_id, created_at)
            VALUES (room.driver_id, room.other_user_id, NEW.chat_room_id, NEW.id, NEW.created_at);
        END IF;
        INSERT INTO chat_pushes AS push (chat_room_id, token, first_seq, last_seq, queued_at, push_after)
        SELECT NEW.chat_room_id, token, NEW.seq, NEW.seq, clock_timestamp(), clock_timestamp()
        FROM chat_push_recipients
        WHERE chat_room_id = NEW.chat_room_id
          AND user_id = ANY (array_remove(ARRAY[room.driver_id, room.other_user_id], NEW.sender_id))
          AND CASE
                  WHEN NEW.push_mode IS NULL THEN wants_pushes
                  WHEN NEW.push_mode = 'urgent' THEN is_other_user
              END
        ORDER BY token
        ON CONFLICT (chat_room_id, token) DO UPDATE
        SET first_seq = CASE WHEN push.first_seq > push.last_seq THEN EXCLUDED.first_seq ELSE push.first_seq END,
            last_seq = greatest(push.last_seq, EXCLUDED.last_seq), queued_at = EXCLUDED.queued_at;
        RETURN NULL;
    END
    $$;
CREATE TRIGGER chat_messages_sent
    AFTER INSERT ON chat_messages
    FOR EACH ROW EXECUTE FUNCTION chat_messages_sent();

-- An edited text is pending again. The row in chat_message_search_pending is written or removed first: this waits for a
-- run of chat_message_search_index() that has taken it, and then the row in chat_message_search is visible.
CREATE FUNCTION chat_message_search_replace() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND NEW.text <> '' THEN
            INSERT INTO chat_message_search_pending (driver_id, other_user_id, chat_room_id, message_id, created_at)
            SELECT driver_id, other_user_id, id, NEW.id, NEW.created_at FROM chat_rooms WHERE id = NEW.chat_room_id
            ON CONFLICT (driver_id, message_id) DO UPDATE SET created_at = EXCLUDED.created_at;
        ELSE
            DELETE FROM chat_message_search_pending AS pending
            USING chat_rooms AS room
            WHERE room.id = OLD.chat_room_id AND pending.driver_id = room.driver_id AND pending.message_id = OLD.id;
        END IF;
        DELETE FROM chat_message_search
        WHERE chat_room_id = OLD.chat_room_id AND created_at = OLD.created_at AND message_id = OLD.id;
        RETURN NULL;
    END
    $$;
CREATE TRIGGER chat_messages_search_replaced
    AFTER DELETE OR UPDATE OF text, created_at ON chat_messages
    FOR EACH ROW EXECUTE FUNCTION chat_message_search_replace();

-- Indexes the words of up to `most` pending messages, and returns their number. Concurrent runs take different messages.
-- A run takes up to 100,000 characters, so that long messages cannot exceed its time limit.
--
-- The texts are read by a second statement: its snapshot has the edits that were committed before the messages were taken.
CREATE FUNCTION chat_message_search_index(most bigint) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
    DECLARE
        taken uuid[];
    BEGIN
        WITH locked AS MATERIALIZED (
            SELECT ctid AS place, message_id FROM chat_message_search_pending LIMIT most FOR UPDATE SKIP LOCKED
        ),
        measured AS MATERIALIZED (
            SELECT place, sum(coalesce(length(message.text), 0)) OVER (ORDER BY message_id) AS characters
            FROM locked LEFT JOIN chat_messages AS message ON message.id = message_id
        ),
        message AS (
            DELETE FROM chat_message_search_pending
            WHERE ctid = ANY (ARRAY(SELECT place FROM measured WHERE characters <= 100000))
            RETURNING message_id
        )
        SELECT array_agg(message_id) INTO taken FROM message;
        INSERT INTO chat_message_search (message_id, chat_room_id, driver_id, other_user_id, created_at, terms)
        SELECT message.id, room.id, room.driver_id, room.other_user_id, message.created_at, chat_search_vector(message.text)
        FROM chat_messages AS message JOIN chat_rooms AS room ON room.id = message.chat_room_id
        WHERE message.id = ANY (taken) AND message.text <> '';
        RETURN coalesce(cardinality(taken), 0);
    END
    $$;
