-- list-rooms: the indexes of V0012 take the place of those that they hold more than.
DROP INDEX chat_rooms_driver_list_idx, chat_rooms_other_user_list_idx;
ALTER INDEX chat_rooms_driver_search_idx RENAME TO chat_rooms_driver_list_idx;
ALTER INDEX chat_rooms_other_user_search_idx RENAME TO chat_rooms_other_user_list_idx;
