//! `GET /api/v1/chat/analytics/?from=…&to=…`: reports usage.
//!
//! For admins. Query: `from` and `to`, both days inclusive (default: the last 30; at most 366), and their `time_zone`
//! (default `Africa/Abidjan`; `timezone` is also accepted). Returns the numbers that docs/analytics.md defines; 400 for an
//! invalid period, 403 for others.

use shared::db::analytics;
use shared::domain::{Period, Viewer};
use shared::error::Result;
use shared::http::{ApiResponse, Request};
use shared::runtime::{App, StartError, serve};

async fn chat_analytics(
    app: &'static App,
    viewer: Viewer,
    request: Request,
) -> Result<ApiResponse> {
    let mut query = request.query();
    let zone_field = query.name_of("time_zone", "timezone");
    let period = Period {
        from: query.optional("from"),
        to: query.optional("to"),
        time_zone: query.optional(zone_field).unwrap_or_default(),
    };
    let period = query.finish(Some(period))?;

    let report = analytics::report(&app.database, viewer, &period)
        .await
        .map_err(|error| error.rename_field("time_zone", zone_field))?;
    ApiResponse::ok(&report)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(chat_analytics).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn an_admin_gets_the_numbers() {
        let test = TestApp::new().await;
        let admin = test.user("admin", "Mariam").await;
        let (driver, _, room) = test.room().await;
        test.say(driver, room, "Bonjour").await;
        analytics::roll_up(&test.app.database, 100).await.unwrap();
        for payload in [Payload::V1, Payload::V2] {
            let call = Call::get("/analytics/").payload(payload);
            let body = test.call(chat_analytics, admin, call).await.expect(200);
            let days = body["days"].as_array().unwrap();
            assert_eq!(days.len(), 30);
            assert_eq!(
                days[29],
                json!({
                    "date": body["to"],
                    "messages": { "total": 1, "text": 1, "image": 0, "location": 0, "system": 0 },
                    "active_conversations": 1,
                    "new_conversations": 1,
                })
            );
            assert_eq!(body["messages"], days[29]["messages"]);
            assert_eq!(body["time_zone"], "Africa/Abidjan");
            assert_eq!(body["timezone"], body["time_zone"]);
            assert_eq!(
                body["first_answer"]["driver"],
                json!({ "count": 0, "median_seconds": null, "p95_seconds": null })
            );
            assert_eq!(
                body["read_within_5_minutes"],
                json!({ "total": 1, "count": 0, "share": 0.0 })
            );
            assert_eq!(
                body["mirror"],
                json!({ "total": 0, "count": 0, "share": null })
            );
        }
    }

    #[tokio::test]
    async fn other_users_get_403() {
        let test = TestApp::new().await;
        let (driver, client, _) = test.room().await;
        let bad_zone = || Call::get("/analytics/").query("timezone", "Africa/Nowhere");
        for viewer in [driver, client] {
            for call in [Call::get("/analytics/"), bad_zone()] {
                let body = test.call(chat_analytics, viewer, call).await.expect(403);
                assert_eq!(
                    body,
                    json!({ "detail": "Vous n'avez pas la permission d'effectuer cette action." })
                );
            }
        }
    }

    #[tokio::test]
    async fn an_invalid_period_returns_400() {
        let test = TestApp::new().await;
        let admin = test.user("admin", "Mariam").await;
        let call = async |query: &[(&str, &str)], status| {
            let call = query
                .iter()
                .fold(Call::get("/analytics/"), |call, (name, value)| {
                    call.query(name, *value)
                });
            test.call(chat_analytics, admin, call).await.expect(status)
        };
        let leap_year = [("from", "2024-01-01"), ("to", "2024-12-31")];
        assert_eq!(
            call(&leap_year, 200).await["days"]
                .as_array()
                .unwrap()
                .len(),
            366
        );
        assert_eq!(
            call(&[("from", "2024-01-01"), ("to", "2025-01-01")], 400).await,
            json!({ "from": ["La période ne peut pas dépasser 366 jours."] })
        );
        assert_eq!(
            call(&[("from", "2024-01-02"), ("to", "2024-01-01")], 400).await,
            json!({ "to": ["La date de fin précède la date de début."] })
        );
        for zone in ["Africa/Nowhere", "XYZ-3", "CEST", "Etc/GMT+13", "+01:00"] {
            for name in ["time_zone", "timezone"] {
                assert_eq!(
                    call(&[(name, zone)], 400).await,
                    json!({ name: ["Fuseau horaire inconnu."] }),
                    "{zone}"
                );
            }
        }
        let both = [("timezone", "Europe/Paris"), ("time_zone", "UTC")];
        assert_eq!(call(&both, 200).await["time_zone"], "UTC");
        for date in [
            "2024-02-30",
            "24-01-01",
            "2024-1-1",
            "hier",
            "0000-01-01",
            "-262143-1",
        ] {
            assert!(call(&[("to", date)], 400).await["to"].is_array(), "{date}");
        }
    }
}
