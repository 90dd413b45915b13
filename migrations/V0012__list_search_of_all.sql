-- list-rooms with a search: the rooms that were there before V0011, and the index. Apart from V0011, whose columns lock
-- readers out for a moment: here they go on, while nobody writes. The lock comes first, since one that is made stronger
-- later waits for who waits for it.
LOCK TABLE chat_rooms IN SHARE ROW EXCLUSIVE MODE;

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
