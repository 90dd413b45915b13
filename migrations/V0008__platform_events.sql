-- receive-event: what the platform's own backend says of a delivery, and what becomes of its conversations.

-- Every event once: its id is what a repeat is known by.
CREATE TABLE chat_events (
    event_id    uuid        NOT NULL,
    event       text        NOT NULL,
    delivery_id uuid        NOT NULL,
    -- As the platform says; null where it does not.
    occurred_at timestamptz,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT chat_events_pkey PRIMARY KEY (event_id),
    CONSTRAINT chat_events_event_check
        CHECK (event IN ('assigned', 'picked_up', 'arriving', 'delivered', 'cancelled'))
);

-- What has been decided of a delivery: by an assignment, that its conversations are open, and by its end, until when.
-- Events of one delivery take turns at its row, and of two it is the later one that holds, in whatever order they come.
CREATE TABLE chat_deliveries (
    delivery_id uuid NOT NULL,
    -- When the event that decided happened, as far as the platform says.
    occurred_at timestamptz,
    -- Null: open.
    closes_at   timestamptz,
    CONSTRAINT chat_deliveries_pkey PRIMARY KEY (delivery_id)
);

-- mirror-rooms: the deliveries that have ended lately.
CREATE INDEX chat_deliveries_closing_idx ON chat_deliveries (closes_at) WHERE closes_at IS NOT NULL;

-- From then on nothing can be sent. It holds by itself; `is_active` follows, by mirror-rooms, for Firebase and the
-- indexes. A room that was closed by hand is inactive without it.
ALTER TABLE chat_rooms ADD COLUMN closes_at timestamptz;

-- mirror-rooms: the rooms whose time is up; empty at rest.
CREATE INDEX chat_rooms_closing_idx ON chat_rooms (closes_at) WHERE is_active AND closes_at IS NOT NULL;
-- receive-event: the rooms of a delivery.
CREATE INDEX chat_rooms_delivery_idx ON chat_rooms (delivery_id) WHERE delivery_id IS NOT NULL;

-- A message of the platform (`sender_id` is null) is received by both sides, and each reads it by itself. `read_at` is
-- then when the second of them did: so what is unread stays in the one index, and Firebase, which has one receipt for
-- both phones, shows it once both have read. `client_message_id` is the id of the event.
ALTER TABLE chat_messages
    ADD COLUMN driver_read_at     timestamptz,
    ADD COLUMN other_user_read_at timestamptz;
