-- A Firebase sign-in stays valid after the deactivation of its user. The entry `/revoked/{user_id}` in Firebase
-- denies access (firebase/README.md).

-- Users who may be signed in: everybody who ever got a token. `users` may be a view, which has no triggers, so
-- maintain-rooms checks whether the users are still active.
CREATE TABLE chat_firebase_users (
    user_id     uuid    NOT NULL,
    -- Whether the user was deactivated or deleted at the last check.
    is_revoked  boolean NOT NULL DEFAULT false,
    -- Whether Firebase has the same state.
    is_mirrored boolean NOT NULL DEFAULT true,
    CONSTRAINT chat_firebase_users_pkey PRIMARY KEY (user_id)
);

-- maintain-rooms: entries to write to Firebase. Normally empty.
CREATE INDEX chat_firebase_users_pending_idx ON chat_firebase_users (user_id) WHERE NOT is_mirrored;

-- The last user that maintain-rooms has checked in its current round; one row.
CREATE TABLE chat_firebase_users_progress (
    user_id uuid NOT NULL
);
INSERT INTO chat_firebase_users_progress (user_id) VALUES ('00000000-0000-0000-0000-000000000000');

-- Users with tokens of earlier releases are unknown. Only participants of a room can read anything.
INSERT INTO chat_firebase_users (user_id)
SELECT driver_id FROM chat_rooms UNION SELECT other_user_id FROM chat_rooms;
