-- A sign-in to Firebase outlives the deactivation of its user: `/revoked/{user_id}` there ends it (firebase/README.md).

-- Everybody who may be signed in: the users who were ever given a token. `users` may be a view, which can have no
-- trigger, so maintain-rooms looks whether they are still active.
CREATE TABLE chat_firebase_users (
    user_id     uuid    NOT NULL,
    -- Whether the platform has deactivated or deleted the user, as of the last look.
    is_revoked  boolean NOT NULL DEFAULT false,
    -- Whether Firebase says the same.
    is_mirrored boolean NOT NULL DEFAULT true,
    CONSTRAINT chat_firebase_users_pkey PRIMARY KEY (user_id)
);

-- maintain-rooms: what Firebase has to be told; empty at rest.
CREATE INDEX chat_firebase_users_pending_idx ON chat_firebase_users (user_id) WHERE NOT is_mirrored;

-- The last user that maintain-rooms has looked at in its round over all of them; one row.
CREATE TABLE chat_firebase_users_progress (
    user_id uuid NOT NULL
);
INSERT INTO chat_firebase_users_progress (user_id) VALUES ('00000000-0000-0000-0000-000000000000');

-- Tokens of earlier releases are not known. Only participants of a room can read anything.
INSERT INTO chat_firebase_users (user_id)
SELECT driver_id FROM chat_rooms UNION SELECT other_user_id FROM chat_rooms;
