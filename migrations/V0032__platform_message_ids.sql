-- maintain-rooms: the ids of the platform's messages, the oldest first. They are deleted after 180 days.
SET LOCAL lock_timeout = '5s';
CREATE INDEX chat_platform_messages_received_idx ON chat_platform_messages (received_at);
