-- list-rooms with a search: the names and tracking numbers that V0014 folds otherwise, of the open rooms, which alone are
-- listed. Readers go on, while nobody writes: about a second for 10,000 open rooms. If a closed room opens again, the round
-- of maintain-rooms updates it, as it does after a change of a name.
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
