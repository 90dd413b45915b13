//! `GET /api/v1/chat/reports/?status=open`: lists the reports of messages, oldest first.
//!
//! For admins. Query: `status` (`open`, `resolved` or `dismissed`; all without it), `page`, `page_size`. Returns a page of
//! reports with the reported messages and the people; 400 for another status, 403 for others, 404 for a page out of
//! range.

use shared::db::reports;
use shared::domain::Viewer;
use shared::error::{Error, Result};
use shared::http::{ApiResponse, Listing, Paged, Request};
use shared::runtime::{App, StartError, serve};

async fn list_reports(app: &'static App, viewer: Viewer, request: Request) -> Result<ApiResponse> {
    let mut query = request.query();
    let status = query.optional("status");
    let Listing { number, size } = Listing::read(&query)?;
    query.finish(Some(()))?;

    let page = reports::list(&app.database, viewer, status, number, size).await?;
    ApiResponse::ok(&Paged::new(&request, page.ok_or(Error::PageNotFound)?))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(list_reports).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::db::reports::NewReport;
    use shared::domain::ReportReason;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn an_admin_sees_the_message_and_both_people() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        let admin = test.user("admin", "Mariam").await;
        let message = test.say(client, room, "Menace").await;
        let new = NewReport {
            message_id: message.id,
            reason: ReportReason::Harassment,
            comment: None,
        };
        let report = reports::create(&test.app.database, driver, &new)
            .await
            .unwrap()
            .report;
        for payload in [Payload::V1, Payload::V2] {
            let call = Call::get("/reports/")
                .query("status", "open")
                .payload(payload);
            let body = test.call(list_reports, admin, call).await.expect(200);
            assert_eq!(
                body,
                json!({
                    "count": 1, "next": null, "previous": null,
                    "results": [{
                        "id": report.id, "message_id": message.id, "chat_room": room,
                        "reason": "harassment", "comment": "", "status": "open", "created_at": report.created_at,
                        "snapshot": {
                            "seq": 1, "message_type": "text", "text": "Menace", "image_url": "",
                            "latitude": null, "longitude": null, "created_at": message.created_at,
                            "edited_at": null, "deleted_at": null,
                        },
                        "reporter": {
                            "id": driver.0, "full_name": "Awa Koné", "user_type": "driver", "profile_photo_url": null,
                        },
                        "reported": {
                            "id": client.0, "full_name": "Jean Dupont", "user_type": "client",
                            "profile_photo_url": null,
                        },
                        "handled_by": null, "handled_at": null, "note": "",
                    }],
                })
            );
        }
        let resolved = Call::get("/reports/").query("status", "resolved");
        let body = test.call(list_reports, admin, resolved).await.expect(200);
        assert_eq!(body["count"], 0);
    }

    #[tokio::test]
    async fn others_get_403_and_a_bad_query_400_or_404() {
        let test = TestApp::new().await;
        let (driver, client, _) = test.room().await;
        let admin = test.user("admin", "Mariam").await;
        for viewer in [driver, client] {
            let call = Call::get("/reports/");
            test.call(list_reports, viewer, call).await.expect(403);
        }
        let call = Call::get("/reports/").query("status", "x");
        let body = test.call(list_reports, admin, call).await.expect(400);
        assert!(body["status"].is_array(), "{body}");
        let call = Call::get("/reports/").query("page", "2");
        test.call(list_reports, admin, call).await.expect(404);
    }
}
