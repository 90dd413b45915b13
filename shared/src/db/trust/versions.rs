//! The earlier versions of a message, as JSON.

/// The earlier versions of the message `$id`, oldest first, as a JSON array.
macro_rules! versions {
    ($id:literal) => {
        concat!(
            "(SELECT coalesce(jsonb_agg(jsonb_build_object(
                'revision', version.revision, 'text', version.text, 'image_url', version.image_url,
                'latitude', version.latitude, 'longitude', version.longitude, 'changed_at', ",
            $crate::db::columns::api_time!("version.changed_at"),
            ") ORDER BY version.revision), '[]')
              FROM chat_message_versions AS version WHERE version.message_id = ",
            $id,
            ")"
        )
    };
}

/// The earlier versions of `message` for a reader by access to `room`, as a text; null for participants.
macro_rules! versions_by_access {
    () => {
        concat!(
            "CASE WHEN $1 NOT IN (room.driver_id, room.other_user_id) THEN ",
            $crate::db::trust::versions!("message.id"),
            "::text END AS versions"
        )
    };
}

pub(in crate::db) use {versions, versions_by_access};
