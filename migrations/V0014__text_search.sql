-- search-messages and list-rooms: PostgreSQL's text search replaces the tokenizer of V0005.
--
-- `unaccent` is a trusted extension: a role with CREATE on the database may create it. An existing one is used, in
-- any schema. The functions below have parsed bodies: PostgreSQL stores their configurations and dictionaries by OID,
-- so no `search_path` changes their meaning.
CREATE EXTENSION IF NOT EXISTS unaccent;
SELECT set_config('search_path', concat_ws(', ', current_setting('search_path'), quote_ident(nspname)), true)
FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
WHERE extname = 'unaccent' AND nspname <> ALL (current_schemas(true));

-- A message is found by up to three lexemes per word, each from its own configuration:
-- * the word without accents, to match a prefix during typing; stop words such as "le" have none;
-- * the stem of the word without accents, because people omit accents;
-- * the stem of the word with the accents of its ending (chat_search_ending), because the French stemmer recognises
-- the forms of a verb or an adjective by them: "livrer" and "livrée", "premier" and "première".
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

-- Returns the text in lower case, with a blank for each character that is not a letter or digit: apostrophes,
-- hyphens, punctuation, symbols, emoji. The length stays the same, so a position in the result is a position in the
-- text; only İ becomes longer in lower case. The function works by code point, because PostgreSQL's parser follows
-- the server's locale (under "C", « ’ » and "📷" are letters) and has its own tokens for addresses, paths and
-- hyphenated words.
CREATE FUNCTION chat_search_blanked(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(regexp_replace(replace(value, 'İ', 'i'),
        '[\u0001-\u0008\u000e-\u001f!-/:-@[-`{-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u0149\u02b9-\u02bf\u02c8'
        || '\u02ca\u02cb\u02d7\u0374\u058a\u05be\u1680\u180e\u1fef\u1ffd\u2000-\u2bff\u2e00-\u2e7f\u3000-\u303f\ua78c\ud800-\uf8ff'
        || '\ufe00-\ufe6f\ufeff-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0-\uffff\U0001f000-\U0001faff\U000e0000-\U000e0fff]',
        ' ', 'g'));

-- As chat_search_blanked, with a blank at every 65th character of a word: a lexeme has at most 2,046 bytes, and
-- `unaccent` can make five characters of one.
CREATE FUNCTION chat_search_plain(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN length(value) <= 64 THEN chat_search_blanked(value)
        ELSE regexp_replace(chat_search_blanked(value), '(\S{64})\S', '\1 ', 'g')
    END;

-- Returns the plain text without French accents, except è, and é in the ending of a participle: "recuperée". With its
-- accents, "récupérée" has the stem "récupér", which "recuperer" lacks. The function uses capital letters as
-- placeholders, because a plain text has none.
CREATE FUNCTION chat_search_ending(plain text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN translate(regexp_replace(plain, 'é(?=e?s?(\s|$))', 'É', 'g'), 'àâäçéêëîïôöùûüÿÉ', 'aaaceeeiioouuuyé');

-- Returns the lexemes of a text. A function in PL/pgSQL would look up the configurations by name at run time; this
-- one has their OIDs.
CREATE FUNCTION chat_search_word_lexemes(plain text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector('chat_words', plain) || to_tsvector('chat_stems', plain);
CREATE FUNCTION chat_search_ending_lexemes(ending text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector('chat_accented_stems', ending);

-- Returns the lexemes by which a text is found. The trigger of V0005 calls it.
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
-- blank for apostrophes, hyphens and blanks, because keyboards differ in them. Other punctuation stays.
CREATE OR REPLACE FUNCTION chat_search_fold(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(regexp_replace(unaccent('unaccent', normalize(value, NFC)),
        '[\s''`\u00a0\u00ad\u00b4\u02b9-\u02bf\u02c8\u02ca\u02cb\u1680\u180e\u2000-\u200f\u2018-\u201b\u2028-\u202f\u2032\u2035'
        || '\u205f-\u206f\u3000\ua78c\ufeff\uff07\uff40\-\u058a\u05be\u2010-\u2015\u2043\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d]+',
        ' ', 'g'));

-- Returns the query for a search text: each word by any of its lexemes, and the last word also as a prefix. Stop
-- words and single letters are ignored if there are other words. Null: the text has no word. Lexemes have only
-- letters and digits and are quoted, so none is read as an operator. PL/pgSQL plans the function once per connection.
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

-- Returns the text with its matches marked, once per configuration.
CREATE FUNCTION chat_search_marked_words(plain text, query tsquery) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY[
        ts_headline('chat_words', plain, query, 'HighlightAll=true, StartSel=<, StopSel=>'),
        ts_headline('chat_stems', plain, query, 'HighlightAll=true, StartSel=<, StopSel=>')
    ];
CREATE FUNCTION chat_search_marked_endings(ending text, query tsquery) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ts_headline('chat_accented_stems', ending, query, 'HighlightAll=true, StartSel=<, StopSel=>');

-- Returns the plain text with `<` and `>` around the matching words, once per configuration. A plain text contains
-- neither character.
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
