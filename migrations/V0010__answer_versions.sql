-- The cache (REDIS_URL): whether an answer about somebody's rooms that Redis has kept still holds.
--
-- A row for each person whose answers are kept, and for nobody else; without a cache the table is empty. `version`
-- counts up with every change of one of the person's rooms, in the transaction that makes it.
CREATE TABLE chat_answer_versions (
    user_id    uuid        NOT NULL,
    version    bigint      NOT NULL DEFAULT 1,
    -- A transaction that was under way when the row was made has not seen it. No statement takes a minute, so a
    -- version that is older than that counts everything.
    counted_from timestamptz NOT NULL DEFAULT now() + interval '1 minute',
    CONSTRAINT chat_answer_versions_pkey PRIMARY KEY (user_id)
) WITH (fillfactor = 50);

-- By statement, and the rows locked in order: two statements that change several rooms of the same people do not wait
-- for each other in a circle. What the mirror notes in a room is not seen by anybody.
CREATE FUNCTION chat_answer_versions_count() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    DECLARE
        people uuid[];
    BEGIN
        IF NOT EXISTS (SELECT FROM chat_answer_versions) THEN
            RETURN NULL;
        ELSIF TG_OP = 'INSERT' THEN
            people := ARRAY(SELECT unnest(ARRAY[driver_id, other_user_id]) FROM rooms_after);
        ELSE
            people := ARRAY(
                SELECT unnest(ARRAY[after.driver_id, after.other_user_id])
                FROM rooms_after AS after JOIN rooms_before AS before USING (id)
                WHERE (after.revision, after.is_active, after.archived_by_driver, after.archived_by_other_user)
                    <> (before.revision, before.is_active, before.archived_by_driver, before.archived_by_other_user));
        END IF;
        PERFORM FROM chat_answer_versions WHERE user_id = ANY (people) ORDER BY user_id FOR NO KEY UPDATE;
        UPDATE chat_answer_versions SET version = version + 1 WHERE user_id = ANY (people);
        RETURN NULL;
    END
    $$;
CREATE TRIGGER chat_rooms_answer_versions_created
    AFTER INSERT ON chat_rooms REFERENCING NEW TABLE AS rooms_after
    FOR EACH STATEMENT EXECUTE FUNCTION chat_answer_versions_count();
CREATE TRIGGER chat_rooms_answer_versions_changed
    AFTER UPDATE ON chat_rooms REFERENCING OLD TABLE AS rooms_before NEW TABLE AS rooms_after
    FOR EACH STATEMENT EXECUTE FUNCTION chat_answer_versions_count();
