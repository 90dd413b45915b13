-- search-messages: what can be found in the messages, kept beside them.
--
-- A table of its own, and not a column of chat_messages: marking a message as read writes a new version of its row
-- into every index of its table. What is searched never changes, so here it is written once.

-- The words of a text as they stand in it: letters and digits, by code point, so that nothing depends on the
-- server's locale (under "C", PostgreSQL's own parser takes « ’ » and "📷" for letters). An apostrophe parts words:
-- "j’arrive" is found by "arrive". domain/highlight.rs has the same ranges.
CREATE FUNCTION chat_search_words(value text) RETURNS SETOF text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT (regexp_matches(value,
            '[0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u1fff\u2c00-\u2dff\u3040-\ud7ff\uf900-\ufdff]+',
            'g'))[1]
    $$;

-- What a word is found by: itself, for the prefix that somebody is still typing, and its stem; without accents, since
-- people leave them out. The stemmer knows French by its accents ("livrée" is a "livr", "livree" a "livre"), so there
-- are two stems: of the word as written, and of the word without accents. Nothing for words that are everywhere.
-- 64 characters are more than any word has, and no lexeme may have more than 2046 bytes.
CREATE FUNCTION chat_search_terms(word text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
    DECLARE
        folded text := left(lower(word), 64);
        stems  text[];
    BEGIN
        IF octet_length(word) > length(word) THEN
            folded := left(regexp_replace(chat_search_fold(word), '[\u0001-/:-@[-`{-\u00bf]|[\u2000-\u2bff]', '', 'g'), 64);
        END IF;
        stems := ts_lexize('pg_catalog.french_stem', folded);
        IF length(folded) < 1 OR folded ~ '^[a-z]$' OR stems = '{}' THEN
            RETURN '{}';
        END IF;
        IF octet_length(word) > length(word) THEN
            stems := stems || chat_search_fold(
                (ts_lexize('pg_catalog.french_stem', left(lower(normalize(word, NFC)), 64)))[1]);
        END IF;
        RETURN array_remove(folded || stems, NULL);
    END
    $$;

-- A text by all its words. In PL/pgSQL, which keeps its plan from one message to the next; a function in SQL that is
-- called from a trigger is planned each time.
CREATE FUNCTION chat_search_vector(value text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
    BEGIN
        RETURN array_to_tsvector(ARRAY(
            SELECT DISTINCT term FROM chat_search_words(value) AS word, unnest(chat_search_terms(word)) AS term));
    END
    $$;

-- What somebody looks for: every word, in any of its forms; the last as the beginning of a word, because it may still
-- be being typed. Words that are everywhere count for nothing, unless there is only that one. Null: no word at all.
-- A term consists of letters and digits alone, so that none can be read as an operator.
CREATE FUNCTION chat_search_query(value text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (
        WITH word AS (
            SELECT position, position = max(position) OVER () AS is_last, chat_search_terms(word) AS terms,
                   left(regexp_replace(chat_search_fold(word), '[\u0001-/:-@[-`{-\u00bf]|[\u2000-\u2bff]', '', 'g'), 64) AS folded
            FROM chat_search_words(value) WITH ORDINALITY AS word (word, position)
        ),
        part AS (
            SELECT position,
                   (SELECT string_agg('''' || term || '''', ' | ') FROM unnest(terms) AS term)
                       || CASE WHEN is_last THEN ' | ''' || folded || ''':*' ELSE '' END AS part
            FROM word WHERE terms <> '{}'
        )
        SELECT coalesce(
            string_agg('(' || part || ')', ' & ' ORDER BY position),
            (SELECT '''' || folded || ''':*' FROM word WHERE is_last AND folded <> '')
        )::tsquery
        FROM part
    );

CREATE TABLE chat_message_search (
    message_id    uuid        NOT NULL,
    chat_room_id  uuid        NOT NULL,
    -- The room's, which never change: who may find the message.
    driver_id     uuid        NOT NULL,
    other_user_id uuid        NOT NULL,
    created_at    timestamptz NOT NULL,
    terms         tsvector    NOT NULL,
    -- search-messages in one room: its messages, newest first.
    CONSTRAINT chat_message_search_pkey PRIMARY KEY (chat_room_id, created_at, message_id)
);

-- search-messages in all rooms: the newest messages of one person. A word that is frequent is found among these.
CREATE INDEX chat_message_search_driver_idx ON chat_message_search (driver_id, created_at, message_id);
CREATE INDEX chat_message_search_other_user_idx ON chat_message_search (other_user_id, created_at, message_id);

-- search-messages: a word that is not, among all messages of one person or room. Without a pending list, which every
-- search would have to read through, and which some unlucky sender would have to sort in.
CREATE INDEX chat_message_search_terms_idx ON chat_message_search
    USING gin ((ARRAY[chat_room_id, driver_id, other_user_id]), terms) WITH (fastupdate = off);

-- A trigger, because whoever writes a message (a sender, the platform, an import) should not have to know of this.
CREATE FUNCTION chat_message_search_keep() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            DELETE FROM chat_message_search
            WHERE chat_room_id = OLD.chat_room_id AND created_at = OLD.created_at AND message_id = OLD.id;
        END IF;
        IF TG_OP <> 'DELETE' AND NEW.text <> '' THEN
            INSERT INTO chat_message_search (message_id, chat_room_id, driver_id, other_user_id, created_at, terms)
            SELECT NEW.id, room.id, room.driver_id, room.other_user_id, NEW.created_at, chat_search_vector(NEW.text)
            FROM chat_rooms AS room WHERE room.id = NEW.chat_room_id;
        END IF;
        RETURN NULL;
    END
    $$;

CREATE TRIGGER chat_messages_search
    AFTER INSERT OR DELETE OR UPDATE OF text, created_at ON chat_messages
    FOR EACH ROW EXECUTE FUNCTION chat_message_search_keep();

-- What was written before.
INSERT INTO chat_message_search (message_id, chat_room_id, driver_id, other_user_id, created_at, terms)
SELECT message.id, room.id, room.driver_id, room.other_user_id, message.created_at, chat_search_vector(message.text)
FROM chat_messages AS message JOIN chat_rooms AS room ON room.id = message.chat_room_id
WHERE message.text <> '';
