//! The request to FCM for a notification.
//!
//! Source: firebase.google.com/docs/reference/fcm/rest/v1/projects.messages, and Apple's "Sending notification requests
//! to APNs" and "Generating a remote notification" for `apns`.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::db::pushes::Notice;
use crate::domain::cut_with_ellipsis;

/// The longest name and text of a notification, in characters. They exceed a screen, and keep every message below FCM's
/// 4,096 bytes even if every character is escaped.
const LONGEST_TITLE: usize = 100;
const LONGEST_BODY: usize = 255;

/// Returns the request's body. A room has one notification: a newer one replaces the older one on a device (`tag`,
/// `apns-collapse-id`) and in FCM's queue (`collapse_key`). FCM drops it at `expires_at`; its own limit is four weeks.
pub fn message(
    token: &str,
    room_id: Uuid,
    notice: &Notice,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Value {
    let ttl = (expires_at - now).num_seconds().max(0);
    let mut request = json!({
        "message": {
            "token": token,
            "notification": { "title": title(notice), "body": body(notice) },
            // FCM accepts only strings here, and reserves the name `message_type`.
            "data": {
                "type": "chat_message",
                "chat_room_id": room_id,
                "message_id": notice.message_id,
                "seq": notice.seq.to_string(),
            },
            "android": {
                "priority": "HIGH",
                "ttl": format!("{ttl}s"),
                "collapse_key": room_id,
                "notification": { "tag": room_id, "sound": "default", "notification_count": notice.unread_total },
            },
            "apns": {
                "headers": {
                    "apns-priority": "10",
                    "apns-collapse-id": room_id,
                    "apns-expiration": expires_at.timestamp().to_string(),
                },
                "payload": { "aps": { "badge": notice.unread_total, "sound": "default", "thread-id": room_id } },
            },
        },
    });
    if notice.is_urgent {
        let message = &mut request["message"];
        message["data"]["urgent"] = json!("true");
        message["apns"]["payload"]["aps"]["interruption-level"] = json!("time-sensitive");
    }
    request
}

/// Returns the title: the sender's name or, for a platform message, the delivery.
fn title(notice: &Notice) -> String {
    let Notice {
        sender_name,
        tracking_number,
        ..
    } = notice;
    match (sender_name.trim(), tracking_number.trim()) {
        ("", "") => "Nouveau message".to_owned(),
        ("", tracking_number) => {
            cut_with_ellipsis(&format!("Livraison {tracking_number}"), LONGEST_TITLE)
        }
        (name, _) => cut_with_ellipsis(name, LONGEST_TITLE),
    }
}

fn body(notice: &Notice) -> String {
    match notice.text.as_str() {
        "" => notice.message_type.without_words().to_owned(),
        text => cut_with_ellipsis(text, LONGEST_BODY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DeviceToken, MessageType};

    fn notice(sender_name: &str, text: &str) -> Notice {
        Notice {
            message_id: Uuid::from_u128(2),
            seq: 7,
            message_type: MessageType::Text,
            text: text.to_owned(),
            sender_name: sender_name.to_owned(),
            tracking_number: String::new(),
            unread_total: 3,
            is_urgent: false,
        }
    }

    #[test]
    fn a_notification_has_the_sender_the_text_and_the_room() {
        let room_id = Uuid::from_u128(1);
        let now = DateTime::from_timestamp(1_736_951_400, 0).unwrap();
        let expires_at = now + chrono::TimeDelta::minutes(59);
        assert_eq!(
            message(
                "token",
                room_id,
                &notice("Awa Koné", "J'arrive"),
                expires_at,
                now
            ),
            json!({ "message": {
                "token": "token",
                "notification": { "title": "Awa Koné", "body": "J'arrive" },
                "data": {
                    "type": "chat_message", "chat_room_id": room_id, "message_id": Uuid::from_u128(2), "seq": "7",
                },
                "android": {
                    "priority": "HIGH", "ttl": "3540s", "collapse_key": room_id,
                    "notification": { "tag": room_id, "sound": "default", "notification_count": 3 },
                },
                "apns": {
                    "headers": {
                        "apns-priority": "10", "apns-collapse-id": room_id, "apns-expiration": "1736954940",
                    },
                    "payload": { "aps": { "badge": 3, "sound": "default", "thread-id": room_id } },
                },
            }})
        );
    }

    #[test]
    fn an_urgent_notification_says_so_to_the_app_and_to_ios() {
        let urgent = Notice {
            is_urgent: true,
            ..notice("", "Répondez")
        };
        let now = DateTime::UNIX_EPOCH;
        let request = message("token", Uuid::nil(), &urgent, now, now);
        let message = &request["message"];
        assert_eq!(message["data"]["urgent"], "true");
        let aps = &message["apns"]["payload"]["aps"];
        assert_eq!(aps["interruption-level"], "time-sensitive");
    }

    #[test]
    fn photos_and_locations_without_text_are_described() {
        for (message_type, shown) in [
            (MessageType::Image, "📷 Photo"),
            (MessageType::Location, "📍 Position partagée"),
        ] {
            let silent = Notice {
                message_type,
                ..notice("Awa", "")
            };
            assert_eq!(body(&silent), shown);
            let captioned = Notice {
                message_type,
                ..notice("Awa", "Voici")
            };
            assert_eq!(body(&captioned), "Voici");
        }
    }

    #[test]
    fn a_platform_notification_names_the_delivery() {
        let mut notice = notice("", "Votre colis est livré");
        assert_eq!(title(&notice), "Nouveau message");
        notice.tracking_number = "LBN123456".to_owned();
        assert_eq!(title(&notice), "Livraison LBN123456");
    }

    #[test]
    fn long_names_and_texts_are_cut_after_a_grapheme_cluster() {
        let family = "👨\u{200d}👩\u{200d}👧";
        let long = notice(&family.repeat(300), &family.repeat(300));
        assert_eq!(title(&long), format!("{}…", family.repeat(19)));
        assert_eq!(body(&long), format!("{}…", family.repeat(50)));
    }

    #[test]
    fn no_notification_exceeds_fcms_size_limit() {
        let token = "x".repeat(DeviceToken::MAX_CHARS);
        for character in ["\u{1}", "\"", "😀"] {
            let worst = Notice {
                seq: i64::MAX,
                unread_total: i64::MAX,
                is_urgent: true,
                ..notice(&character.repeat(5000), &character.repeat(5000))
            };
            let now = DateTime::UNIX_EPOCH;
            let size = message(&token, Uuid::max(), &worst, DateTime::<Utc>::MAX_UTC, now)
                .to_string()
                .len();
            assert!(size <= 4096, "{size} bytes of {character:?}");
        }
    }
}
