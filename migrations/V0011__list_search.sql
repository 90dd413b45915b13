-- list-rooms with a search: what each side finds a room by, the other's name and the tracking number, folded and beside
-- the keys of the list. A search reads the index alone, as the list does: at 10,000 rooms it was 45 ms, since it looked
-- up two rows of the platform's for each, and is 6 (bench/README.md).
--
-- Names are the platform's and may change at any time: mirror-rooms goes round over the open rooms.
ALTER TABLE chat_rooms
    ADD COLUMN searched_by_driver     text NOT NULL DEFAULT '',
    ADD COLUMN searched_by_other_user text NOT NULL DEFAULT '';

-- Of what no index could hold, the beginning.
CREATE FUNCTION chat_room_search_text(full_name text, tracking_number text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN left(chat_search_fold(coalesce(full_name, '')), 400) || E'\n'
        || left(chat_search_fold(coalesce(tracking_number, '')), 99);

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
