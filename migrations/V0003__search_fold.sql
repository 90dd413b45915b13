-- list-rooms: text as the search compares it: without accents, in lower case. From built-in functions alone, so
-- that no extension (unaccent) has to be allowed on the server. NFKD takes "é" apart into "e" and its accent, which
-- goes; the ligatures, which it leaves whole, are written out.
CREATE FUNCTION chat_search_fold(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN replace(replace(lower(regexp_replace(normalize(value, NFKD), '[\u0300-\u036f]', '', 'g')), 'œ', 'oe'), 'æ', 'ae');
