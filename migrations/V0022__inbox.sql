-- The inbox in Firebase shows data of the platform's tables: names, photos, and tracking numbers.
SET LOCAL lock_timeout = '5s';

-- A digest of what the inboxes of a room's participants show of the platform's tables. maintain-rooms compares it with
-- the current values; a difference is a new revision. Null: a room of an earlier release, whose entries are not in
-- Firebase yet. maintain-rooms thus adds the entries of 1,000 rooms per minute; a rebuild adds all at once.
ALTER TABLE chat_rooms ADD COLUMN inbox_digest text;

-- The body is a string: a parsed one would keep the platform from changing its own tables.
CREATE FUNCTION chat_room_inbox_digest(driver uuid, other_user uuid, delivery uuid) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
    BEGIN
        RETURN md5(jsonb_build_array(
            (SELECT jsonb_build_array(full_name::text, user_type::text, profile_photo_url::text) FROM users WHERE id = driver),
            (SELECT jsonb_build_array(full_name::text, user_type::text, profile_photo_url::text) FROM users WHERE id = other_user),
            (SELECT tracking_number::text FROM deliveries WHERE id = delivery)
        )::text);
    END
    $$;

-- As in V0011, with the digest.
CREATE OR REPLACE FUNCTION chat_rooms_search_text() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    DECLARE
        tracking_number text := (SELECT delivery.tracking_number::text FROM deliveries AS delivery WHERE id = NEW.delivery_id);
    BEGIN
        NEW.searched_by_driver := chat_room_search_text(
            (SELECT full_name::text FROM users WHERE id = NEW.other_user_id), tracking_number);
        NEW.searched_by_other_user := chat_room_search_text(
            (SELECT full_name::text FROM users WHERE id = NEW.driver_id), tracking_number);
        NEW.inbox_digest := chat_room_inbox_digest(NEW.driver_id, NEW.other_user_id, NEW.delivery_id);
        RETURN NEW;
    END
    $$;
