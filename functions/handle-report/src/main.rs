//! `PATCH /api/v1/chat/reports/{report_id}/`: stores the decision about a report.
//!
//! For admins. Body: `status` (`resolved` or `dismissed`) and optionally `note`. A later decision replaces it. Returns the
//! report; 400 for another status, 403 for others, 404 for an unknown report.

use shared::db::reports::{self, Handling};
use shared::domain::Viewer;
use shared::error::Result;
use shared::http::{ApiResponse, OptionalText, Request};
use shared::runtime::{App, StartError, serve};

async fn handle_report(app: &'static App, viewer: Viewer, request: Request) -> Result<ApiResponse> {
    let report_id = request.report_id()?;
    let mut body = request.body()?;
    let outcome = body.required("status");
    let note = body.optional::<OptionalText>("note");
    let handling = Handling {
        outcome: body.finish(outcome)?,
        note: note.map(|OptionalText(text)| {
            text.map_or_else(String::new, |text| text.as_str().to_owned())
        }),
    };

    let report = reports::handle(&app.database, viewer, report_id, &handling).await?;
    ApiResponse::ok(&report)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(handle_report).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::db::reports::NewReport;
    use shared::domain::ReportReason;
    use shared::testing::{Call, Payload, TestApp};
    use uuid::Uuid;

    async fn report(test: &TestApp) -> (Viewer, Uuid) {
        let (driver, client, room) = test.room().await;
        let new = NewReport {
            message_id: test.say(client, room, "Menace").await.id,
            reason: ReportReason::Fraud,
            comment: None,
        };
        let report = reports::create(&test.app.database, driver, &new).await;
        (driver, report.unwrap().report.id)
    }

    #[tokio::test]
    async fn an_admins_decision_is_stored_with_their_name() {
        let test = TestApp::new().await;
        let (_, report) = report(&test).await;
        let admin = test.user("admin", "Mariam").await;
        let call = |body| Call::patch(&format!("/reports/{report}/")).json(body);
        let decision = json!({ "status": "resolved", "note": " Averti " });
        let body = test
            .call(handle_report, admin, call(decision.clone()))
            .await
            .expect(200);
        assert_eq!(
            (
                &body["status"],
                &body["note"],
                &body["handled_by"]["full_name"]
            ),
            (&json!("resolved"), &json!("Averti"), &json!("Mariam"))
        );
        assert!(body["handled_at"].is_string());
        let repeat = call(decision).payload(Payload::V2);
        let repeat = test.call(handle_report, admin, repeat).await.expect(200);
        assert_eq!(repeat, body, "a repeat changes nothing");

        let call = call(json!({ "status": "dismissed" }));
        let body = test.call(handle_report, admin, call).await.expect(200);
        assert_eq!(
            (&body["status"], &body["note"]),
            (&json!("dismissed"), &json!("Averti"))
        );
    }

    #[tokio::test]
    async fn others_get_403_an_unknown_report_404_and_a_bad_status_400() {
        let test = TestApp::new().await;
        let (driver, report) = report(&test).await;
        let admin = test.user("admin", "Mariam").await;
        let call = |id: &str, status| {
            Call::patch(&format!("/reports/{id}/")).json(json!({ "status": status }))
        };
        let id = report.to_string();
        let reply = test.call(handle_report, driver, call(&id, "resolved"));
        reply.await.expect(403);
        for unknown in [Uuid::new_v4().to_string(), "x".to_owned()] {
            let reply = test.call(handle_report, admin, call(&unknown, "resolved"));
            reply.await.expect(404);
        }
        for status in ["open", "x"] {
            let reply = test.call(handle_report, admin, call(&id, status));
            assert!(reply.await.expect(400)["status"].is_array());
        }
    }
}
