-- As in V0027, but the recipients are read per message (LATERAL, OFFSET 0). Joined to the view directly, PostgreSQL 15 reads
-- every room for each message, because a condition on the outer join `settings` refers to the message.
CREATE OR REPLACE FUNCTION chat_pushes_queue() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        INSERT INTO chat_pushes AS push (chat_room_id, token, first_seq, last_seq, queued_at, push_after)
        SELECT message.chat_room_id, recipient.token, min(message.seq), max(message.seq), clock_timestamp(), clock_timestamp()
        FROM new_messages AS message
        JOIN LATERAL (
            SELECT * FROM chat_push_recipients WHERE chat_room_id = message.chat_room_id OFFSET 0
        ) AS recipient ON recipient.user_id IS DISTINCT FROM message.sender_id
        WHERE CASE
                  WHEN message.push_mode IS NULL THEN recipient.wants_pushes
                  WHEN message.push_mode = 'urgent' THEN recipient.is_other_user
              END
        GROUP BY message.chat_room_id, recipient.token
        ORDER BY message.chat_room_id, recipient.token
        ON CONFLICT (chat_room_id, token) DO UPDATE
        SET first_seq = CASE WHEN push.first_seq > push.last_seq THEN EXCLUDED.first_seq ELSE push.first_seq END,
            last_seq = greatest(push.last_seq, EXCLUDED.last_seq), queued_at = EXCLUDED.queued_at;
        RETURN NULL;
    END
    $$;
