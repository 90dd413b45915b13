-- search-messages: the messages that were there before V0014, by its lexemes. A migration of its own, because what is
-- sent meanwhile is already found by them. It locks no message and no room, and writes only rows that differ.
UPDATE chat_message_search AS search
SET terms = fresh.terms
-- OFFSET 0: the lexemes of a message are computed once, and not again for the comparison.
FROM (SELECT id, chat_room_id, created_at, chat_search_vector(text) AS terms FROM chat_messages OFFSET 0) AS fresh
WHERE fresh.chat_room_id = search.chat_room_id AND fresh.created_at = search.created_at AND fresh.id = search.message_id
  AND search.terms IS DISTINCT FROM fresh.terms;
