-- The export and the erasure of a person read all of their rooms. The other indexes by the other user have open rooms
-- only, so PostgreSQL read an index of all rooms completely. This one has closed rooms only, so sending a message does not
-- update it.

SET LOCAL lock_timeout = '5s';

CREATE INDEX chat_rooms_closed_other_user_idx ON chat_rooms (other_user_id) WHERE NOT is_active;
