-- list-rooms: one person's rooms, newest message first, with all that the list filters and orders by, so that counting
-- them and finding a page touch the index alone: at 10,000 rooms that was 18 ms, and is 3 (bench/README.md). Those that
-- they replace had the keys alone.
CREATE INDEX chat_rooms_driver_list_idx
    ON chat_rooms (driver_id, last_message_at DESC NULLS LAST, id)
    INCLUDE (archived_by_driver, room_type, delivery_id, created_at, closes_at) WHERE is_active;
CREATE INDEX chat_rooms_other_user_list_idx
    ON chat_rooms (other_user_id, last_message_at DESC NULLS LAST, id)
    INCLUDE (archived_by_other_user, room_type, delivery_id, created_at, closes_at) WHERE is_active;
DROP INDEX chat_rooms_driver_idx, chat_rooms_other_user_idx;

-- unread-count: with the time that a room closes at, since V0008 of what it counts.
DROP INDEX chat_rooms_driver_unread_idx, chat_rooms_other_user_unread_idx;
CREATE INDEX chat_rooms_driver_unread_idx ON chat_rooms (driver_id) INCLUDE (driver_unread_count, closes_at)
    WHERE is_active AND driver_unread_count > 0;
CREATE INDEX chat_rooms_other_user_unread_idx ON chat_rooms (other_user_id) INCLUDE (other_user_unread_count, closes_at)
    WHERE is_active AND other_user_unread_count > 0;

-- list-rooms with a search folds every name of one's rooms: a text that is ASCII, as nearly every tracking number is,
-- has no accents to take off. The result is the same.
CREATE OR REPLACE FUNCTION chat_search_fold(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN octet_length(value) = length(value) THEN lower(value)
        ELSE replace(replace(lower(regexp_replace(normalize(value, NFKD), '[\u0300-\u036f]', '', 'g')), 'œ', 'oe'), 'æ', 'ae')
    END;
