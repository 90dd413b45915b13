-- The webhook events of reports and blocks. As in V0026, their triggers exist only while `WEBHOOK_URL` is set.

-- In order with the events of the room. The comment is read from the report when the event is sent.
CREATE FUNCTION chat_webhook_of_report() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        PERFORM chat_webhook_event_add(TG_ARGV[0], NEW.chat_room_id, NEW.chat_room_id, NEW.message_id,
                                       jsonb_build_object('report_id', NEW.id));
        RETURN NULL;
    END
    $$;

-- In order with the other events of the person who blocks.
CREATE FUNCTION chat_webhook_of_block() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        PERFORM chat_webhook_event_add(TG_ARGV[0], NEW.blocker_id, NULL, NULL,
                                       jsonb_build_object('blocker_id', NEW.blocker_id, 'blocked_id', NEW.blocked_id));
        RETURN NULL;
    END
    $$;
