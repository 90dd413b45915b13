-- The cache (`redis_url`): a user's version changes in the transaction that changes one of the user's rooms. A cached
-- response is current while its version is. Without a cache the table is empty and no trigger exists: `migrate-database`
-- creates and drops them (shared/src/db/room_list_versions.rs).

DROP TRIGGER chat_rooms_answer_versions_created ON chat_rooms;
DROP TRIGGER chat_rooms_answer_versions_changed ON chat_rooms;
DROP FUNCTION chat_answer_versions_count();
DELETE FROM chat_answer_versions;

CREATE TABLE chat_room_list_versions (
    -- The nil UUID stands for every user without a change since the cache was switched on.
    user_id uuid NOT NULL,
    -- Random, so that no version returns when the cache is switched off and on, or the database is restored.
    version uuid NOT NULL DEFAULT gen_random_uuid(),
    CONSTRAINT chat_room_list_versions_pkey PRIMARY KEY (user_id)
) WITH (fillfactor = 50);

-- Locks the rows in order: statements that change several rooms of the same users cannot deadlock. Changes of the
-- mirror's columns are invisible to users.
CREATE FUNCTION chat_room_list_versions_renew() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    DECLARE
        participants uuid[];
    BEGIN
        IF TG_OP = 'INSERT' THEN
            participants := ARRAY(SELECT unnest(ARRAY[driver_id, other_user_id]) FROM rooms_after);
        ELSE
            participants := ARRAY(
                SELECT unnest(ARRAY[after.driver_id, after.other_user_id])
                FROM rooms_after AS after JOIN rooms_before AS before USING (id)
                WHERE (after.revision, after.is_active, after.archived_by_driver, after.archived_by_other_user)
                    <> (before.revision, before.is_active, before.archived_by_driver, before.archived_by_other_user));
        END IF;
        INSERT INTO chat_room_list_versions (user_id)
        SELECT DISTINCT unnest(participants) AS user_id ORDER BY user_id
        ON CONFLICT (user_id) DO UPDATE SET version = EXCLUDED.version;
        RETURN NULL;
    END
    $$;
