-- search-messages and list-rooms: PostgreSQL's own text search in place of the tokenizer of V0005.
--
-- `unaccent` is a trusted extension: a role with CREATE on the database may create it, and one that is there is used
-- wherever it lies. The functions below have parsed bodies: PostgreSQL stores the configurations and dictionaries that
-- they name by OID, so that no `search_path` changes their meaning.
CREATE EXTENSION IF NOT EXISTS unaccent;
SELECT set_config('search_path', concat_ws(', ', current_setting('search_path'), quote_ident(nspname)), true)
FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
WHERE extname = 'unaccent' AND nspname <> ALL (current_schemas(true));

-- A message is found by up to three lexemes of each word, one configuration each:
-- * the word without accents, for a prefix that somebody is still typing; none for words that are everywhere ("le");
-- * the stem of the word without accents, because people leave them out;
-- * the stem of the word with the accents of its ending (chat_search_ending), because the French stemmer knows the forms of
--   a verb or an adjective by them: "livrer" and "livrée", "premier" and "première".
CREATE TEXT SEARCH DICTIONARY chat_unstemmed (TEMPLATE = pg_catalog.simple, STOPWORDS = french);
CREATE TEXT SEARCH CONFIGURATION chat_words (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION chat_words
    ALTER MAPPING FOR asciiword, word, numword WITH unaccent, chat_unstemmed;
CREATE TEXT SEARCH CONFIGURATION chat_stems (COPY = pg_catalog.french);
ALTER TEXT SEARCH CONFIGURATION chat_stems
    ALTER MAPPING FOR asciiword, word, numword WITH unaccent, french_stem;
CREATE TEXT SEARCH CONFIGURATION chat_accented_stems (PARSER = pg_catalog.default);
ALTER TEXT SEARCH CONFIGURATION chat_accented_stems
    ADD MAPPING FOR word WITH french_stem;

-- Returns the text in lower case, with a blank in the place of each character that is no letter or digit: apostrophes and
-- hyphens of any kind, punctuation, symbols, emoji. It keeps its length, so that a place in the result is a place in the
-- text: of all letters, only İ becomes longer in lower case. By code point, because PostgreSQL's parser follows the
-- server's locale (under "C", « ’ » and "📷" are letters to it) and has tokens of its own for addresses, paths and
-- hyphenated words.
CREATE FUNCTION chat_search_blanked(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(regexp_replace(replace(value, 'İ', 'i'),
        '[\u0001-\u0008\u000e-\u001f!-/:-@[-`{-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u0149\u02b9-\u02bf\u02c8'
        || '\u02ca\u02cb\u02d7\u0374\u058a\u05be\u1680\u180e\u1fef\u1ffd\u2000-\u2bff\u2e00-\u2e7f\u3000-\u303f\ua78c\ud800-\uf8ff'
        || '\ufe00-\ufe6f\ufeff-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0-\uffff\U0001f000-\U0001faff\U000e0000-\U000e0fff]',
        ' ', 'g'));

-- The same with a blank for the 65th character of a word, and so on: a lexeme may have 2,046 bytes, and `unaccent` makes
-- up to five of one character.
CREATE FUNCTION chat_search_plain(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN length(value) <= 64 THEN chat_search_blanked(value)
        ELSE regexp_replace(chat_search_blanked(value), '(\S{64})\S', '\1 ', 'g')
    END;

-- Returns the plain text without French accents, but for è and for é in the ending of a participle: "recuperée". With
-- them, "récupérée" has the stem "récupér", which "recuperer" has not. Capital letters are free in a plain text.
CREATE FUNCTION chat_search_ending(plain text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN translate(regexp_replace(plain, 'é(?=e?s?(\s|$))', 'É', 'g'), 'àâäçéêëîïôöùûüÿÉ', 'aaaceeeiioouuuyé');

-- The lexemes of a text. PL/pgSQL looks names up when it runs; these have the configurations by OID.
CREATE FUNCTION chat_search_word_lexemes(plain text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector('chat_words', plain) || to_tsvector('chat_stems', plain);
CREATE FUNCTION chat_search_ending_lexemes(ending text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector('chat_accented_stems', ending);

-- Returns what a text is found by. The trigger of V0005 calls it.
CREATE OR REPLACE FUNCTION chat_search_vector(value text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
    DECLARE
        plain   text := chat_search_plain(normalize(value, NFC));
        ending  text := chat_search_ending(plain);
        lexemes tsvector := chat_search_word_lexemes(plain);
    BEGIN
        IF ending ~ '[éè]' THEN
            lexemes := lexemes || chat_search_ending_lexemes(ending);
        END IF;
        RETURN strip(lexemes);
    END
    $$;

-- Returns a name or a tracking number as the list's search compares it: without accents, in lower case, and with one
-- blank for apostrophes, hyphens and blanks of any kind, since keyboards differ in them. Other punctuation stays.
CREATE OR REPLACE FUNCTION chat_search_fold(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(regexp_replace(unaccent('unaccent', normalize(value, NFC)),
        '[\s''`\u00a0\u00ad\u00b4\u02b9-\u02bf\u02c8\u02ca\u02cb\u1680\u180e\u2000-\u200f\u2018-\u201b\u2028-\u202f\u2032\u2035'
        || '\u205f-\u206f\u3000\ua78c\ufeff\uff07\uff40\-\u058a\u05be\u2010-\u2015\u2043\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d]+',
        ' ', 'g'));

-- Returns the query for what somebody typed: every word, by any of its lexemes, and the last also as the beginning of a
-- word. Words that are everywhere and single letters count for nothing, unless there are no others. Null: no word at all.
-- Lexemes hold letters and digits alone and are quoted besides, so that none can be read as an operator. In PL/pgSQL,
-- which plans it once per connection.
CREATE OR REPLACE FUNCTION chat_search_query(value text) RETURNS tsquery
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
    BEGIN
        RETURN (
            WITH word AS (
                SELECT position, position = max(position) OVER () AS is_last,
                       tsvector_to_array(chat_search_vector(match[1])) AS lexemes,
                       quote_literal(chat_search_fold(match[1])) || ':*' AS prefix
                FROM regexp_matches(chat_search_plain(normalize(value, NFC)), '\S+', 'g') WITH ORDINALITY AS it (match, position)
            ),
            part AS (
                SELECT position, concat_ws(' | ', VARIADIC
                    ARRAY(SELECT quote_literal(lexeme) FROM unnest(lexemes) AS lexeme)
                    || CASE WHEN is_last THEN prefix END) AS part
                FROM word WHERE lexemes <> '{}' AND prefix !~ '^''[a-z]'''
            )
            SELECT coalesce(
                string_agg('(' || part || ')', ' & ' ORDER BY position),
                (SELECT prefix FROM word WHERE is_last)
            )::tsquery
            FROM part
        );
    END
    $$;

-- The marks of each configuration.
CREATE FUNCTION chat_search_marked_words(plain text, query tsquery) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY[
        ts_headline('chat_words', plain, query, 'HighlightAll=true, StartSel=<, StopSel=>'),
        ts_headline('chat_stems', plain, query, 'HighlightAll=true, StartSel=<, StopSel=>')
    ];
CREATE FUNCTION chat_search_marked_endings(ending text, query tsquery) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ts_headline('chat_accented_stems', ending, query, 'HighlightAll=true, StartSel=<, StopSel=>');

-- Returns the text as chat_search_plain does, with `<` and `>` around the words that match, once for each configuration.
-- Neither character is in a plain text.
CREATE FUNCTION chat_search_marked(value text, query tsquery) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
    DECLARE
        plain  text := chat_search_plain(value);
        ending text := chat_search_ending(plain);
        marked text[] := chat_search_marked_words(plain, query);
    BEGIN
        IF ending ~ '[éè]' THEN
            marked := marked || chat_search_marked_endings(ending, query);
        END IF;
        RETURN marked;
    END
    $$;
