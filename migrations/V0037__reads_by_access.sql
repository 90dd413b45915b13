-- Only admins with access read rooms of others. What only these reads need is in functions, so that the read of a
-- participant does not open its tables.

-- Whether the user is an admin with access to the room.
CREATE FUNCTION chat_has_access(reader uuid, room uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
    BEGIN
        RETURN EXISTS (
            SELECT FROM chat_room_access AS access JOIN users AS admin ON admin.id = access.admin_id
            WHERE access.chat_room_id = chat_has_access.room AND access.admin_id = chat_has_access.reader
              AND access.expires_at > clock_timestamp() AND admin.is_active AND admin.user_type::text = 'admin'
        );
    END
    $$;

-- Returns the same as chat_has_access. If the read is allowed, records it as `action`.
CREATE FUNCTION chat_reads_by_access(reader uuid, room uuid, action text) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
    BEGIN
        IF NOT chat_has_access(reader, room) THEN
            RETURN false;
        END IF;
        INSERT INTO chat_audit_log (actor_id, action, room_id) VALUES (reader, action, room);
        RETURN true;
    END
    $$;

-- The earlier versions of a message, oldest first.
CREATE FUNCTION chat_versions_of(message uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $$
    BEGIN
        RETURN (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'revision', version.revision, 'text', version.text, 'image_url', version.image_url,
                'latitude', version.latitude, 'longitude', version.longitude,
                'changed_at', to_char(version.changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
            ) ORDER BY version.revision), '[]')
            FROM chat_message_versions AS version WHERE version.message_id = chat_versions_of.message
        );
    END
    $$;
