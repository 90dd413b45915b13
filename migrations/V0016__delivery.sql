-- Delivery after the reply: a circuit breaker per channel, and leases with a successor.

-- One row per delivery channel, shared by all environments. Each lease statement reads the row of its channel, so that
-- all environments stop using a channel within one request of the failure that opens its circuit.
CREATE TABLE chat_delivery_channels (
    name        text    NOT NULL,
    -- Consecutive failures of the service behind the channel. A prompt response resets the count.
    failures    integer NOT NULL DEFAULT 0,
    -- Null: the circuit is closed.
    open_since  timestamptz,
    -- The earliest time of the next probe while the circuit is open.
    probe_after timestamptz,
    CONSTRAINT chat_delivery_channels_pkey PRIMARY KEY (name)
) WITH (fillfactor = 50);
INSERT INTO chat_delivery_channels (name) VALUES ('mirror'), ('push');

-- The holder of a room's lease writes the room to Firebase. A sender may find the room leased, or written less than
-- 100 ms ago (`mirror_paced_until`). It then reserves the next lease and waits for it. Further senders rely on the
-- holder of the reservation, whose write includes their messages.
ALTER TABLE chat_rooms
    ADD COLUMN mirror_leased_until   timestamptz,
    ADD COLUMN mirror_paced_until    timestamptz,
    ADD COLUMN mirror_reserved_until timestamptz;
-- Functions of the previous release still write it during the deployment; a later release drops it.
COMMENT ON COLUMN chat_rooms.mirror_claimed_until IS 'Unused since V0016.';

-- Leases for pushes. A row stays for a second after its push (`first_seq > last_seq`: nothing is pending), so that
-- pushes of a room to a device are at least a second apart.
ALTER TABLE chat_pushes
    ADD COLUMN leased_until   timestamptz,
    ADD COLUMN paced_until    timestamptz,
    ADD COLUMN reserved_until timestamptz;

-- deliver-pending: pending pushes, the longest waiting first. Normally empty.
CREATE INDEX chat_pushes_pending_idx ON chat_pushes (push_after) WHERE first_seq <= last_seq;
DROP INDEX chat_pushes_due_idx;

-- As in V0007, but a new message makes a delivered row pending again, from that message on.
CREATE OR REPLACE FUNCTION chat_pushes_queue() RETURNS trigger
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
        SET first_seq = CASE WHEN push.first_seq > push.last_seq THEN EXCLUDED.first_seq ELSE push.first_seq END,
            last_seq = greatest(push.last_seq, EXCLUDED.last_seq), queued_at = EXCLUDED.queued_at;
        RETURN NULL;
    END
    $$;
