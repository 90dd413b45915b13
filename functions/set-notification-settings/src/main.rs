//! `PUT /api/v1/chat/notification_settings/`: sets when the viewer gets pushes.
//!
//! For every user. Body: `push_enabled`; optionally `quiet_from` and `quiet_to` (`22:00`, both or none) and their
//! `time_zone` (default `Africa/Abidjan`; `timezone` is also accepted). It replaces the settings and returns them; 400 for
//! bad fields. Pushes that are suppressed in quiet hours are not sent later: the messages are unread, and the next push
//! counts them.

use shared::db::notification_settings;
use shared::domain::{NotificationSettings, QuietHours, TimeOfDay, TimeZone, Viewer};
use shared::error::Result;
use shared::http::{ApiResponse, Fields, Request};
use shared::runtime::{App, StartError, serve};

async fn set_notification_settings(
    app: &'static App,
    viewer: Viewer,
    request: Request,
) -> Result<ApiResponse> {
    let body = request.body()?;
    let zone_field = body.name_of("time_zone", "timezone");
    let settings = parse(body, zone_field)?;

    notification_settings::put(&app.database, viewer, &settings)
        .await
        .map_err(|error| error.rename_field("time_zone", zone_field))?;
    ApiResponse::ok(&settings)
}

fn parse(mut body: Fields, zone_field: &'static str) -> Result<NotificationSettings> {
    let push_enabled = body.required("push_enabled");
    let from: Option<TimeOfDay> = body.optional("quiet_from");
    let to: Option<TimeOfDay> = body.optional("quiet_to");
    let time_zone = body.with_default(zone_field, TimeZone::default());
    if body.is_valid() {
        match (from, to) {
            (Some(_), None) => body.reject::<()>("quiet_to", QuietHours::BOTH),
            (None, Some(_)) => body.reject("quiet_from", QuietHours::BOTH),
            (Some(from), Some(to)) if from == to => body.reject("quiet_to", QuietHours::EMPTY),
            _ => None,
        };
    }
    let (push_enabled, time_zone) = body.finish(push_enabled.zip(time_zone))?;
    Ok(NotificationSettings {
        push_enabled,
        quiet_hours: from.zip(to).map(|(from, to)| QuietHours { from, to }),
        time_zone,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(set_notification_settings).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use shared::testing::{Call, Payload, TestApp};

    fn put(body: Value) -> Call {
        Call::put("/notification_settings/").json(body)
    }

    #[tokio::test]
    async fn settings_are_replaced_and_returned() {
        let test = TestApp::new().await;
        let driver = test.user("driver", "Awa Koné").await;
        let night = json!({ "push_enabled": true, "quiet_from": "22:00", "quiet_to": "07:30", "time_zone": "Europe/Paris" });
        let never = json!({ "push_enabled": false, "quiet_from": null, "quiet_to": null, "time_zone": "Africa/Abidjan" });
        for (sent, expected) in [
            (night.clone(), &night),
            (json!({ "push_enabled": false }), &never),
            (never.clone(), &never),
        ] {
            let call = put(sent).payload(Payload::V2);
            let reply = test.call(set_notification_settings, driver, call).await;
            assert_eq!(&reply.expect(200), expected);
            let stored = notification_settings::get(&test.app.database, driver).await;
            assert_eq!(&serde_json::to_value(stored.unwrap()).unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn every_iana_name_is_a_time_zone_and_nothing_else() {
        let test = TestApp::new().await;
        let driver = test.user("driver", "Awa Koné").await;
        let names = "SELECT name FROM pg_timezone_names WHERE name !~ '^(Factory|localtime|posix)'";
        let names = test.sql.query(names, &[]).await.unwrap();
        let mut zones: Vec<String> = names.iter().map(|row| row.get("name")).collect();
        assert!(zones.len() > 400);
        // All names that look like an abbreviation or a POSIX rule, and some others.
        zones.retain(|name| {
            name.bytes().any(|b| b.is_ascii_digit())
                || ["GMT", "UTC", "CET", "EET", "Zulu"].contains(&name.as_str())
                || name.starts_with("America/A")
        });
        for name in ["GMT", "UTC", "CET", "Etc/GMT+12", "Etc/GMT-14", "EST5EDT"] {
            assert!(zones.iter().any(|zone| zone == name), "{name}");
        }
        let call = async |zone: &str| {
            let call = put(json!({ "push_enabled": true, "time_zone": zone }));
            test.call(set_notification_settings, driver, call).await
        };
        for zone in zones {
            assert_eq!(call(&zone).await.expect(200)["time_zone"], zone);
        }
        for zone in [
            "Etc/GMT+13",
            "Etc/GMT-15",
            "Etc/GMT+1:30",
            "CEST",
            "XYZ-3",
            "XYZ-3ABC",
            "UTC+1",
            "Europe/Paris-3",
            "+01:00",
            "Europe",
            "zulu",
            "",
            "?",
        ] {
            assert_eq!(
                call(zone).await.expect(400),
                json!({ "time_zone": ["Fuseau horaire inconnu."] }),
                "{zone}"
            );
        }
    }

    #[tokio::test]
    async fn every_bad_field_is_named() {
        let test = TestApp::new().await;
        let driver = test.user("driver", "Awa Koné").await;
        for (body, fields) in [
            (json!({}), vec!["push_enabled"]),
            (
                json!({ "push_enabled": "yes", "quiet_from": "22h", "quiet_to": 7, "time_zone": "é" }),
                vec!["push_enabled", "quiet_from", "quiet_to", "time_zone"],
            ),
            (
                json!({ "push_enabled": true, "quiet_from": "22:00" }),
                vec!["quiet_to"],
            ),
            (
                json!({ "push_enabled": true, "quiet_from": null, "quiet_to": "07:00" }),
                vec!["quiet_from"],
            ),
            (
                json!({ "push_enabled": true, "quiet_from": "07:00", "quiet_to": "07:00" }),
                vec!["quiet_to"],
            ),
            (
                json!({ "push_enabled": true, "time_zone": "Africa/Atlantis" }),
                vec!["time_zone"],
            ),
            (
                json!({ "push_enabled": true, "timezone": "Africa/Atlantis" }),
                vec!["timezone"],
            ),
            (
                json!({ "push_enabled": true, "time_zone": null }),
                vec!["time_zone"],
            ),
        ] {
            let rejected = test
                .call(set_notification_settings, driver, put(body))
                .await
                .expect(400);
            let named: Vec<_> = rejected.as_object().unwrap().keys().collect();
            assert_eq!(named, fields, "{rejected}");
        }
        test.call_anonymously(set_notification_settings, put(json!({})))
            .await
            .expect(401);
    }
}
