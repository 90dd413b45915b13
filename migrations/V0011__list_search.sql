-- list-rooms with a search: what each side finds a room by, the other's name and the tracking number, folded and beside
-- the keys of the list. A search reads the index alone, as the list does: at 10,000 rooms it was 45 ms, since it looked
-- up two rows of the platform's for each, and is 4 (bench/README.md).
--
-- Names are the platform's and may change at any time: mirror-rooms goes round over the open rooms.
ALTER TABLE chat_rooms
    ADD COLUMN searched_by_driver     text NOT NULL DEFAULT '',
    ADD COLUMN searched_by_other_user text NOT NULL DEFAULT '';

-- Of names that no index could hold, the beginning.
CREATE FUNCTION chat_room_search_text(full_name text, tracking_number text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN left(chat_search_fold(concat_ws(E'\n', full_name, tracking_number)), 500);

-- A trigger, because whoever opens a room (somebody, the platform, an import) should not have to know of this.
CREATE FUNCTION chat_rooms_search_text() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    DECLARE
        tracking_number text := (SELECT delivery.tracking_number::text FROM deliveries AS delivery WHERE id = NEW.delivery_id);
    BEGIN
        NEW.searched_by_driver := chat_room_search_text(
            (SELECT full_name::text FROM users WHERE id = NEW.other_user_id), tracking_number);
        NEW.searched_by_other_user := chat_room_search_text(
            (SELECT full_name::text FROM users WHERE id = NEW.driver_id), tracking_number);
        RETURN NEW;
    END
    $$;
CREATE TRIGGER chat_rooms_search
    BEFORE INSERT ON chat_rooms
    FOR EACH ROW EXECUTE FUNCTION chat_rooms_search_text();

-- How far round mirror-rooms is: the last driver whose rooms it has looked at; one row.
CREATE TABLE chat_rooms_search_progress (
    driver_id uuid NOT NULL
);
INSERT INTO chat_rooms_search_progress (driver_id) VALUES ('00000000-0000-0000-0000-000000000000');

-- No view of this: one would keep the platform from changing its own tables.
UPDATE chat_rooms AS room
SET searched_by_driver = fresh.searched_by_driver, searched_by_other_user = fresh.searched_by_other_user
FROM (
    SELECT room.id,
           chat_room_search_text(other_user.full_name::text, delivery.tracking_number::text) AS searched_by_driver,
           chat_room_search_text(driver.full_name::text, delivery.tracking_number::text) AS searched_by_other_user
    FROM chat_rooms AS room
    LEFT JOIN users AS driver ON driver.id = room.driver_id
    LEFT JOIN users AS other_user ON other_user.id = room.other_user_id
    LEFT JOIN deliveries AS delivery ON delivery.id = room.delivery_id
) AS fresh
WHERE room.id = fresh.id;

CREATE INDEX chat_rooms_driver_search_idx
    ON chat_rooms (driver_id, last_message_at DESC NULLS LAST, id)
    INCLUDE (archived_by_driver, room_type, delivery_id, created_at, closes_at, searched_by_driver) WHERE is_active;
CREATE INDEX chat_rooms_other_user_search_idx
    ON chat_rooms (other_user_id, last_message_at DESC NULLS LAST, id)
    INCLUDE (archived_by_other_user, room_type, delivery_id, created_at, closes_at, searched_by_other_user) WHERE is_active;
DROP INDEX chat_rooms_driver_list_idx, chat_rooms_other_user_list_idx;
ALTER INDEX chat_rooms_driver_search_idx RENAME TO chat_rooms_driver_list_idx;
ALTER INDEX chat_rooms_other_user_search_idx RENAME TO chat_rooms_other_user_list_idx;
