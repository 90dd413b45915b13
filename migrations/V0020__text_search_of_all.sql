-- search-messages: updates the lexemes of the messages from before V0014. This is a separate migration, because new
-- messages already have the new lexemes. It locks no message and no room, and writes only rows that differ.
UPDATE chat_message_search AS search
SET terms = fresh.terms
-- OFFSET 0 makes PostgreSQL compute the lexemes of a message once, and not again for the comparison.
FROM (SELECT id, chat_room_id, created_at, chat_search_vector(text) AS terms FROM chat_messages OFFSET 0) AS fresh
WHERE fresh.chat_room_id = search.chat_room_id AND fresh.created_at = search.created_at AND fresh.id = search.message_id
  AND search.terms IS DISTINCT FROM fresh.terms;
