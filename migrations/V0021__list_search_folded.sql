-- list-rooms: updates the search texts that V0014 folds differently, of open rooms only, because the list has no others.
-- Reads continue and writes wait: about a second for 10,000 open rooms. If a closed room opens again, maintain-rooms
-- updates it, as after a change of a name.
LOCK TABLE chat_rooms IN SHARE ROW EXCLUSIVE MODE;
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
    WHERE room.is_active
) AS fresh
WHERE room.id = fresh.id
  AND (room.searched_by_driver, room.searched_by_other_user)
      IS DISTINCT FROM (fresh.searched_by_driver, fresh.searched_by_other_user);
