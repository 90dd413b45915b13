-- send-message: how fast each side of a room may send. A token bucket needs no more than one time: when it will be
-- full again. Every message moves that `1 / rate` further away, from now at the earliest, and one that would move it
-- further than `burst / rate` from now has to wait. Null: full. It stands in the room's row, which sending holds and
-- writes anyway, so that a limit costs no look-up, no write and no lock of its own.
ALTER TABLE chat_rooms
    ADD COLUMN driver_sends_full_at     timestamptz,
    ADD COLUMN other_user_sends_full_at timestamptz;
