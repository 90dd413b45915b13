-- The platform's own messages, quick replies, and calls to an unreachable customer.

-- An index build blocks writers of its table until the commit. It comes first, so that the strong locks below are held
-- only for a moment.
SET LOCAL lock_timeout = '5s';

-- list-quick-replies and report-unreachable: the last event of a delivery.
CREATE INDEX chat_events_delivery_idx ON chat_events (delivery_id);

-- send-platform-message: one row per message of the platform, which identifies repeats. The text is in chat_messages
-- only; its digest shows whether a repeat has the same content.
CREATE TABLE chat_platform_messages (
    message_id   uuid        NOT NULL,
    -- The addressee: a delivery or a room.
    delivery_id  uuid,
    chat_room_id uuid,
    text_sha256  bytea       NOT NULL,
    push         boolean     NOT NULL,
    -- The rooms that got the message, ordered by id.
    rooms        uuid[]      NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT chat_platform_messages_pkey PRIMARY KEY (message_id),
    CONSTRAINT chat_platform_messages_addressee_check CHECK ((delivery_id IS NULL) <> (chat_room_id IS NULL))
);

-- list-quick-replies and send-message: the platform may change, add and delete rows.
CREATE TABLE chat_quick_replies (
    key        text     NOT NULL,
    -- The user types that may send it, and those that it is offered for on the other side of the room.
    senders    text[]   NOT NULL,
    recipients text[]   NOT NULL,
    -- It is offered if the delivery's last event is one of these; `none`: no event or no delivery.
    events     text[]   NOT NULL,
    -- The order in the list; the key breaks ties.
    position   smallint NOT NULL DEFAULT 100,
    text_fr    text     NOT NULL,
    text_en    text     NOT NULL,
    CONSTRAINT chat_quick_replies_pkey PRIMARY KEY (key),
    CONSTRAINT chat_quick_replies_key_check CHECK (key ~ '^[a-z0-9_]{1,64}$'),
    CONSTRAINT chat_quick_replies_senders_check
        CHECK (senders <> '{}' AND senders <@ '{driver,client,merchant,admin}'::text[]),
    CONSTRAINT chat_quick_replies_recipients_check
        CHECK (recipients <> '{}' AND recipients <@ '{driver,client,merchant,admin}'::text[]),
    CONSTRAINT chat_quick_replies_events_check
        CHECK (events <> '{}' AND events <@ '{none,assigned,picked_up,arriving,delivered,cancelled}'::text[]),
    -- A preview holds the whole text.
    CONSTRAINT chat_quick_replies_text_check
        CHECK (text_fr ~ '^\S(.*\S)?$' AND length(text_fr) <= 200 AND text_en ~ '^\S(.*\S)?$' AND length(text_en) <= 200)
);

INSERT INTO chat_quick_replies (key, senders, recipients, events, position, text_fr, text_en) VALUES
    ('driver_hello', '{driver}', '{client}', '{none,assigned}', 10,
     'Bonjour, je suis votre livreur.', 'Hello, I am your driver.'),
    ('driver_going_to_pick_up', '{driver}', '{client}', '{assigned}', 20,
     'Je vais récupérer votre colis.', 'I am on my way to collect your parcel.'),
    ('driver_waiting_for_parcel', '{driver}', '{client}', '{assigned}', 30,
     'J''attends que votre colis soit prêt.', 'I am waiting for your parcel to be ready.'),
    ('driver_ask_address', '{driver}', '{client}', '{none,assigned,picked_up}', 40,
     'Pouvez-vous préciser l''adresse ou un point de repère ?', 'Could you give me more details or a landmark?'),
    ('driver_on_the_way', '{driver}', '{client}', '{picked_up}', 10,
     'J''ai votre colis, je suis en route.', 'I have your parcel and I am on my way.'),
    ('driver_in_traffic', '{driver}', '{client}', '{picked_up,arriving}', 50,
     'Il y a des embouteillages, j''aurai un peu de retard.', 'Traffic is heavy, I will be a little late.'),
    ('driver_five_minutes', '{driver}', '{client}', '{picked_up,arriving}', 20,
     'J''arrive dans 5 minutes.', 'I will be there in 5 minutes.'),
    ('driver_outside', '{driver}', '{client}', '{arriving}', 10,
     'Je suis devant chez vous.', 'I am outside.'),
    ('driver_come_down', '{driver}', '{client}', '{arriving}', 30,
     'Pouvez-vous descendre, s''il vous plaît ?', 'Could you please come down?'),
    ('driver_cannot_find', '{driver}', '{client}', '{arriving}', 40,
     'Je ne trouve pas l''adresse. Pouvez-vous m''aider ?', 'I cannot find the address. Could you help me?'),
    ('driver_thanks', '{driver}', '{client,merchant,admin}', '{delivered}', 10,
     'Merci, bonne journée !', 'Thank you, have a nice day!'),
    ('driver_coming_to_shop', '{driver}', '{merchant}', '{none,assigned}', 10,
     'Je suis en route pour récupérer la commande.', 'I am on my way to collect the order.'),
    ('driver_at_shop', '{driver}', '{merchant}', '{none,assigned}', 20,
     'Je suis arrivé au magasin.', 'I have arrived at the shop.'),
    ('driver_is_it_ready', '{driver}', '{merchant}', '{none,assigned}', 30,
     'La commande est-elle prête ?', 'Is the order ready?'),
    ('driver_something_missing', '{driver}', '{merchant}', '{picked_up,arriving}', 10,
     'Il manque un article dans la commande.', 'An item is missing from the order.'),
    ('driver_needs_help', '{driver}', '{admin}', '{none,assigned,picked_up,arriving}', 10,
     'Bonjour, j''ai un problème avec une livraison.', 'Hello, I have a problem with a delivery.'),
    ('client_where_is_it', '{client}', '{driver}', '{none,assigned}', 10,
     'Bonjour, où en est ma livraison ?', 'Hello, how is my delivery going?'),
    ('client_call_me_on_the_way', '{client}', '{driver}', '{assigned}', 20,
     'Prévenez-moi quand vous serez en route, s''il vous plaît.', 'Please tell me when you are on your way.'),
    ('client_how_long', '{client}', '{driver}', '{picked_up}', 10,
     'Dans combien de temps arrivez-vous ?', 'How long until you arrive?'),
    ('client_where_are_you', '{client}', '{driver}', '{picked_up,arriving}', 20,
     'Où êtes-vous ?', 'Where are you?'),
    ('client_coming', '{client}', '{driver}', '{arriving}', 10,
     'J''arrive tout de suite.', 'I am coming right now.'),
    ('client_five_minutes', '{client}', '{driver}', '{arriving}', 30,
     'Donnez-moi 5 minutes, s''il vous plaît.', 'Please give me 5 minutes.'),
    ('client_leave_at_reception', '{client}', '{driver}', '{picked_up,arriving}', 40,
     'Laissez le colis à l''accueil, s''il vous plaît.', 'Please leave the parcel at the reception.'),
    ('client_received', '{client}', '{driver}', '{delivered}', 10,
     'Bien reçu, merci !', 'Received, thank you!'),
    ('merchant_ready', '{merchant}', '{driver}', '{none,assigned}', 10,
     'La commande est prête.', 'The order is ready.'),
    ('merchant_ten_minutes', '{merchant}', '{driver}', '{none,assigned}', 20,
     'La commande sera prête dans 10 minutes.', 'The order will be ready in 10 minutes.'),
    ('merchant_come_to_counter', '{merchant}', '{driver}', '{none,assigned}', 30,
     'Présentez-vous au comptoir, s''il vous plaît.', 'Please come to the counter.'),
    ('merchant_delivered_yet', '{merchant}', '{driver}', '{picked_up,arriving}', 10,
     'La commande est-elle livrée ?', 'Has the order been delivered?'),
    ('admin_how_can_we_help', '{admin}', '{driver}', '{none,assigned,picked_up,arriving}', 10,
     'Bonjour, comment pouvons-nous vous aider ?', 'Hello, how can we help you?'),
    ('admin_we_are_checking', '{admin}', '{driver}', '{none,assigned,picked_up,arriving}', 20,
     'Nous vérifions et revenons vers vous.', 'We are looking into it and will get back to you.'),
    ('ok', '{driver,client,merchant,admin}', '{driver,client,merchant,admin}', '{none,assigned,picked_up,arriving}', 90,
     'D''accord, merci.', 'All right, thank you.');

-- report-unreachable: one row per call to a customer who does not respond.
--
-- WEBHOOK: the time is up when `outcome` changes from null to 'unreachable' (an UPDATE by maintain-rooms). Then
-- `ended_at`, `messages`, `push_devices` and `last_answer_at` are set in the same UPDATE. No other change is an event:
--
--     AFTER UPDATE OF outcome ... WHEN (OLD.outcome IS NULL AND NEW.outcome = 'unreachable')
CREATE TABLE chat_unreachable_calls (
    -- The id of the system message that made the call.
    id             uuid        NOT NULL,
    chat_room_id   uuid        NOT NULL,
    delivery_id    uuid        NOT NULL,
    driver_id      uuid        NOT NULL,
    other_user_id  uuid        NOT NULL,
    -- The seq of the system message.
    seq            bigint      NOT NULL,
    called_at      timestamptz NOT NULL,
    -- The time that the customer has to respond; equals chat_rooms.unreachable_until while the call lasts.
    until          timestamptz NOT NULL,
    -- Null while the call lasts; `answered`: a message of the customer has ended it; `unreachable`: the time was up;
    -- `void`: the delivery ended, or the room was closed.
    outcome        text,
    ended_at       timestamptz,
    -- The evidence, without texts, as of `ended_at`; null unless `unreachable`. The driver's messages since the last
    -- answer, and the call's own, oldest first, at most the newest 100:
    -- [{"id", "seq", "sender_id", "message_type", "created_at", "is_deleted", "is_delivered", "is_read", "read_at"}].
    -- Times are as in the API.
    messages       jsonb,
    -- The number of the customer's devices that the call was pushed to.
    push_devices   integer,
    -- The time of the customer's last message in the room; null if there is none.
    last_answer_at timestamptz,
    CONSTRAINT chat_unreachable_calls_pkey PRIMARY KEY (id),
    CONSTRAINT chat_unreachable_calls_chat_room_id_fkey FOREIGN KEY (chat_room_id) REFERENCES chat_rooms ON DELETE CASCADE,
    CONSTRAINT chat_unreachable_calls_outcome_check CHECK (outcome IN ('answered', 'unreachable', 'void')),
    CONSTRAINT chat_unreachable_calls_ended_check CHECK ((outcome IS NULL) = (ended_at IS NULL)),
    CONSTRAINT chat_unreachable_calls_messages_check CHECK ((outcome IS NOT DISTINCT FROM 'unreachable') = (messages IS NOT NULL))
);
-- maintain-rooms: the calls that have not ended.
CREATE INDEX chat_unreachable_calls_due_idx ON chat_unreachable_calls (until) WHERE outcome IS NULL;
CREATE INDEX chat_unreachable_calls_chat_room_id_idx ON chat_unreachable_calls (chat_room_id);

-- Null unless a call lasts. A message of the other user sets it to null in the statement of the send.
ALTER TABLE chat_rooms ADD COLUMN unreachable_until timestamptz;

-- Whom a message is pushed to. Null: every recipient who wants pushes now. `none`: nobody. `urgent`: the other user,
-- also during quiet hours and in a muted room, but not if pushes are disabled altogether.
ALTER TABLE chat_messages
    ADD COLUMN push_mode text,
    ADD CONSTRAINT chat_messages_push_mode_check CHECK (push_mode IN ('none', 'urgent')) NOT VALID;

-- The devices of a room's participants who have not disabled pushes. It replaces chat_push_targets, which functions of
-- the previous release read during the deployment.
CREATE VIEW chat_push_recipients AS
SELECT room.id AS chat_room_id, device.token, device.user_id,
       device.user_id = room.other_user_id AS is_other_user,
       -- Neither muted nor in quiet hours.
       NOT CASE device.user_id WHEN room.driver_id THEN room.muted_by_driver ELSE room.muted_by_other_user END
       AND (settings.quiet_from IS NULL
            OR NOT chat_is_quiet(clock_timestamp(), settings.quiet_from, settings.quiet_to, settings.time_zone))
           AS wants_pushes
FROM chat_rooms AS room
JOIN chat_devices AS device ON device.user_id = ANY (ARRAY[room.driver_id, room.other_user_id])
LEFT JOIN chat_notification_settings AS settings ON settings.user_id = device.user_id
WHERE coalesce(settings.push_enabled, true);
COMMENT ON VIEW chat_push_targets IS 'Unused since V0027.';

-- As in V0016, with `push_mode`.
CREATE OR REPLACE FUNCTION chat_pushes_queue() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        INSERT INTO chat_pushes AS push (chat_room_id, token, first_seq, last_seq, queued_at, push_after)
        SELECT message.chat_room_id, recipient.token, min(message.seq), max(message.seq), clock_timestamp(), clock_timestamp()
        FROM new_messages AS message
        JOIN chat_push_recipients AS recipient
          ON recipient.chat_room_id = message.chat_room_id AND recipient.user_id IS DISTINCT FROM message.sender_id
        WHERE CASE
                  WHEN message.push_mode IS NULL THEN recipient.wants_pushes
                  WHEN message.push_mode = 'urgent' THEN recipient.is_other_user
              END
        GROUP BY message.chat_room_id, recipient.token
        ORDER BY message.chat_room_id, recipient.token
        ON CONFLICT (chat_room_id, token) DO UPDATE
        SET first_seq = CASE WHEN push.first_seq > push.last_seq THEN EXCLUDED.first_seq ELSE push.first_seq END,
            last_seq = greatest(push.last_seq, EXCLUDED.last_seq), queued_at = EXCLUDED.queued_at;
        RETURN NULL;
    END
    $$;
