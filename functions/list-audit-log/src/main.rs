//! `GET /api/v1/chat/audit/?room_id=…`: lists what admins and the platform have read or changed beyond their own rooms.
//!
//! For admins; 403 for others. Query: `room_id` for one room, `page_size`, `after`, the id of an entry. Returns entries,
//! newest first. Returns 400 for a `room_id` that is not a UUID or an `after` that is not a number.

use shared::db::trust;
use shared::domain::{PageSize, Viewer};
use shared::error::Result;
use shared::http::{ApiResponse, CursorPage, Request, Seq};
use shared::runtime::{App, StartError, serve};

async fn list_audit_log(
    app: &'static App,
    viewer: Viewer,
    request: Request,
) -> Result<ApiResponse> {
    let mut query = request.query();
    let room_id = query.optional("room_id");
    let after = query.optional::<Seq>("after").map(|Seq(id)| id);
    let size = PageSize::parse(query.text("page_size"));
    query.finish(Some(()))?;

    let (entries, has_more) = trust::audit_log(&app.database, viewer, room_id, after, size).await?;
    let last = entries.last().map(|entry| entry.id).filter(|_| has_more);
    ApiResponse::ok(&CursorPage::after(&request, entries, last))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(list_audit_log).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::domain::Text;
    use shared::testing::{Call, Payload, TestApp};

    #[tokio::test]
    async fn an_admin_follows_the_entries_of_a_room() {
        let test = TestApp::new().await;
        let admin = test.user("admin", "Mariam").await;
        let (_, _, room) = test.room().await;
        let database = &test.app.database;
        let reason = Text::parse("Litige 12").unwrap();
        trust::open_access(database, admin, room, &reason)
            .await
            .unwrap();
        trust::close_access(database, admin, room).await.unwrap();
        let call = || Call::get("/audit/").query("room_id", room);
        let page = call().query("page_size", "1").payload(Payload::V2);
        let page = test.call(list_audit_log, admin, page).await.expect(200);
        let newest = &page["results"][0];
        assert_eq!(newest["action"], "close_access");
        let next = page["next"].as_str().unwrap();
        assert!(next.contains(&format!("after={}", newest["id"])), "{next}");

        let rest = call().query("after", newest["id"].to_string());
        let rest = test.call(list_audit_log, admin, rest).await.expect(200);
        assert_eq!(rest["next"], json!(null));
        assert_eq!(
            rest["results"],
            json!([{
                "id": rest["results"][0]["id"], "at": rest["results"][0]["at"], "actor_id": admin.0,
                "action": "open_access", "room_id": room, "subject_id": null, "reason": "Litige 12",
            }])
        );
        let other = Call::get("/audit/").query("room_id", admin.0);
        let other = test.call(list_audit_log, admin, other).await.expect(200);
        assert_eq!(other["results"], json!([]));
    }

    #[tokio::test]
    async fn invalid_parameters_are_400_and_others_get_403() {
        let test = TestApp::new().await;
        let admin = test.user("admin", "Mariam").await;
        let driver = test.user("driver", "Awa Koné").await;
        let call = Call::get("/audit/")
            .query("room_id", "x")
            .query("after", "y");
        assert_eq!(
            test.call(list_audit_log, admin, call).await.expect(400),
            json!({
                "room_id": ["Doit être un UUID valide."],
                "after": ["Un nombre entier valide est requis."],
            })
        );
        let call = Call::get("/audit/");
        test.call(list_audit_log, driver, call.clone())
            .await
            .expect(403);
        test.call_anonymously(list_audit_log, call)
            .await
            .expect(401);
    }
}
