-- The data set of the bench: 1,000 users, 10,000 rooms and 1,000,000 messages, and additional large users and rooms
-- to measure growth. It is inserted in bulk without the triggers; the last statements fill in what these would have
-- written. The texts are 5,000 different ones, each tokenized once. All ids are numbers, so that SQL, pgbench and
-- JavaScript can compute which rows belong together: `bench/cases.mjs` uses the same numbers.

CREATE FUNCTION pg_temp.id(number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
    RETURN lpad(number::text, 32, '0')::uuid;
SET session_replication_role = replica;
SET maintenance_work_mem = '1GB';
SELECT setseed(0.5);

-- Drivers are 1 to 300, clients up to 990, admins up to 1000. From 2001 on: users with many rooms or long ones.
INSERT INTO users (id, full_name, phone_number, user_type)
SELECT pg_temp.id(n), 'Personne n° ' || n, '+2250700' || lpad(n::text, 6, '0'),
       CASE WHEN n BETWEEN 301 AND 990 THEN 'client' WHEN n BETWEEN 991 AND 1000 THEN 'admin' ELSE 'driver' END
FROM (SELECT generate_series(1, 1000) UNION ALL SELECT generate_series(2001, 2005)) AS user_number (n);

-- The rooms: the driver, the number of messages, and the number of unread ones.
CREATE TEMP TABLE room AS
SELECT 100000 + n AS number, 1 + n % 300 AS driver, 301 + n % 690 AS client, 100 AS messages, 5 AS unread, n - 1 AS first, 10000 AS step
FROM generate_series(1, 10000) AS n
-- 2001 has 10 rooms, 2002 has 1,000 and 2003 has 10,000, of 40 messages each.
UNION ALL SELECT 200000 + n, 2001, 301 + n % 690, 40, 0, 2000000 + n, 100000 FROM generate_series(1, 10) AS n
UNION ALL SELECT 210000 + n, 2002, 301 + n % 690, 40, 0, 2010000 + n, 100000 FROM generate_series(1, 1000) AS n
UNION ALL SELECT 220000 + n, 2003, 301 + n % 690, 40, 0, 2020000 + n, 100000 FROM generate_series(1, 10000) AS n
-- 2004 has rooms of 10^3, 10^5 and 10^6 messages. 2005 has two rooms of 10^5; in one of them, the driver has 10,000
-- unread messages.
UNION ALL SELECT 300000 + n, 2004, 300 + n, (ARRAY[1000, 100000, 1000000])[n], 0, 10000000 * n, 1 FROM generate_series(1, 3) AS n
UNION ALL SELECT 300010 + n, 2005, 300 + n, 100000, (ARRAY[0, 20000])[n], 10000000 * (n + 3), 1 FROM generate_series(1, 2) AS n;

INSERT INTO deliveries (id, tracking_number, pickup_address, delivery_address, driver_id, client_id)
SELECT pg_temp.id(1000000 + number), 'LBN' || number, 'Cocody, rue ' || number, 'Yopougon, rue ' || number, pg_temp.id(driver), pg_temp.id(client)
FROM room;

-- Words of different frequencies. "bonjour" occurs in a fifth of the texts, "pourcent" in 1 of 100, "mille" in 1 of
-- 1,000.
CREATE TEMP TABLE vocabulary AS
SELECT v, CASE WHEN v % 5 = 0 THEN 'Bonjour ' ELSE '' END || string_agg(word, ' ')
       || CASE WHEN v % 100 = 5 THEN ' pourcent' ELSE '' END || CASE WHEN v % 1000 = 5 THEN ' mille' ELSE '' END AS text
FROM (
    SELECT v, (ARRAY['livr','comm','port','adress','pai','rout','quart','march','appel','client'])[1 + i % 10]
           || (ARRAY['aison','ande','er','ement','ier','ée','age','able','eur'])[1 + (i / 10) % 9]
           || CASE WHEN i < 90 THEN '' ELSE to_hex(i) END AS word
    FROM generate_series(0, 4999) AS v, LATERAL (SELECT floor(20000 * power(random(), 4))::int AS i FROM generate_series(1, 8 + v % 5)) AS word
) AS words
GROUP BY v;
INSERT INTO vocabulary VALUES (5000, 'Rendez-vous à zanzibar');
ALTER TABLE vocabulary ADD terms tsvector, ADD PRIMARY KEY (v);
UPDATE vocabulary SET terms = chat_search_vector(text);

-- Inserted in the order of their times. Message `seq` of a room is number `first + (seq - 1) * step`. The driver
-- writes the odd ones.
CREATE TEMP TABLE message AS
SELECT first + (seq - 1) * step AS number, room.number AS room, seq, driver, client,
       CASE WHEN seq % 2 = 1 THEN driver ELSE client END AS sender, seq > messages - unread AS is_unread,
       CASE WHEN (first + (seq - 1) * step) % 200000 = 77 THEN 5000 ELSE ((first + (seq - 1) * step) * 7919 + seq * 104729) % 5000 END AS v,
       timestamptz '2020-01-01' + (first + (seq - 1) * step) * interval '2 seconds' AS created_at
FROM room, LATERAL generate_series(1, messages::bigint) AS seq;
ALTER TABLE message ADD PRIMARY KEY (number);
ANALYZE message;

INSERT INTO chat_rooms (id, room_type, driver_id, other_user_id, delivery_id, created_at, last_message_text, last_message_at,
    last_message_sender_id, message_count, driver_unread_count, other_user_unread_count, revision, mirrored_revision, behind_since,
    searched_by_driver, searched_by_other_user, inbox_digest)
SELECT pg_temp.id(room.number), 'delivery', pg_temp.id(room.driver), pg_temp.id(room.client), pg_temp.id(1000000 + room.number),
       '2020-01-01', vocabulary.text, last.created_at, pg_temp.id(last.sender), messages,
       unread / 2 + CASE WHEN unread % 2 = 1 AND messages % 2 = 0 THEN 1 ELSE 0 END, unread / 2, messages, messages, NULL,
       chat_room_search_text('Personne n° ' || room.client, 'LBN' || room.number), chat_room_search_text('Personne n° ' || room.driver, 'LBN' || room.number),
       chat_room_inbox_digest(pg_temp.id(room.driver), pg_temp.id(room.client), pg_temp.id(1000000 + room.number))
FROM room
JOIN message AS last ON last.number = first + (messages - 1)::bigint * step
JOIN vocabulary USING (v)
ORDER BY md5(room.number::text);

INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, text, created_at, read_at, revision)
SELECT pg_temp.id(10000000000 + number), pg_temp.id(room), seq, pg_temp.id(sender), 'text', text, created_at,
       CASE WHEN NOT is_unread THEN created_at + interval '1 minute' END, seq
FROM message JOIN vocabulary USING (v) ORDER BY number;

-- Building the word index afterwards is faster than filling it row by row.
CREATE TEMP TABLE words_index AS SELECT indexdef FROM pg_indexes WHERE indexname = 'chat_message_search_terms_idx';
DROP INDEX chat_message_search_terms_idx;
INSERT INTO chat_message_search (message_id, chat_room_id, driver_id, other_user_id, created_at, terms)
SELECT pg_temp.id(10000000000 + number), pg_temp.id(room), pg_temp.id(driver), pg_temp.id(client), created_at, terms
FROM message JOIN vocabulary USING (v) ORDER BY number;
DO $$ BEGIN EXECUTE (SELECT indexdef FROM words_index); END $$;

-- Every user has a device, so each message causes a push.
INSERT INTO chat_devices (token, user_id, registered_at) SELECT id::text, id, '2020-01-01' FROM users;

-- The counts that roll-up-analytics would have stored for the first 24 days.
INSERT INTO chat_analytics_counts
SELECT chat_analytics_quarter(created_at), event, kind, count(*)
FROM message, (VALUES ('message', 'text'), ('mirrored', ''), ('read_in_time', '')) AS event (event, kind)
WHERE number < 1000000 GROUP BY 1, 2, 3;
-- Counts each room as active in four quarters of an hour, although its messages are spread over 24 days.
INSERT INTO chat_analytics_active_rooms
SELECT DISTINCT chat_analytics_quarter(created_at), pg_temp.id(room) FROM message WHERE number < 1000000 AND seq % 25 = 1;
INSERT INTO chat_analytics_answers
SELECT DISTINCT chat_analytics_quarter(created_at), side, step, 3
FROM message, (VALUES ('driver'), ('other_user')) AS side (side), generate_series(60, 140, 20) AS step
WHERE number < 1000000 AND number % 100 = 0;
DELETE FROM chat_analytics_log;
