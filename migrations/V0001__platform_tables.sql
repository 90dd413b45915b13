-- What belongs to the platform. The chat only ever reads these two, by these columns.
--
-- IF NOT EXISTS: where the platform's own tables lie in the same database, put *views* of these names over them
-- before the first migration (README, "Your own tables"); then nothing is created here. For the same reason no
-- table of the chat has a foreign key to them: a view cannot be referenced.

CREATE TABLE IF NOT EXISTS users (
    id                uuid    NOT NULL,
    full_name         text    NOT NULL DEFAULT '',
    phone_number      text    NOT NULL DEFAULT '',
    user_type         text    NOT NULL,
    profile_photo_url text,
    is_active         boolean NOT NULL DEFAULT true,
    CONSTRAINT users_pkey PRIMARY KEY (id),
    -- text with CHECK, not an enum: a statement over built-in types needs no look-up of type ids, so it stays one
    -- round trip and runs behind any pooler.
    CONSTRAINT users_user_type_check CHECK (user_type IN ('driver', 'client', 'merchant', 'admin'))
);

CREATE TABLE IF NOT EXISTS deliveries (
    id               uuid NOT NULL,
    tracking_number  text NOT NULL DEFAULT '',
    pickup_address   text NOT NULL DEFAULT '',
    delivery_address text NOT NULL DEFAULT '',
    -- Not yet assigned, or a delivery without a merchant: null.
    driver_id        uuid,
    client_id        uuid,
    merchant_id      uuid,
    CONSTRAINT deliveries_pkey PRIMARY KEY (id)
);
