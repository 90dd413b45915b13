//! The Realtime Databases: their URLs, the service account's permission to write, and their rules.

use std::sync::Arc;

use chrono::Utc;
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use shared::config::Settings;
use shared::firebase::{Firebase, FirebaseError, Shards};
use shared::secret::SecretStore;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::clock::{self, Reading};
use crate::report::Check;
use crate::rules;

/// The rules of this release.
const RULES: &str = include_str!("../../../firebase/database.rules.json");
const DEPLOY_RULES: &str =
    "deploy firebase/database.rules.json: npx firebase-tools deploy --only database, in firebase/";

pub async fn checks(settings: &Settings, secrets: &Arc<SecretStore>) -> Vec<Check> {
    const NAME: &str = "Firebase database";
    let Some(address) = &settings.firebase else {
        return vec![Check::skipped(
            NAME,
            "FIREBASE_DATABASE_URL is empty: nothing is mirrored, and phones get no live updates",
        )];
    };
    match Shards::new(address, secrets.clone(), &Arc::default()) {
        Ok(shards) => of_all(shards).await,
        Err(error) => {
            let fix = "correct FIREBASE_DATABASE_EMULATOR_HOST";
            vec![Check::failed(NAME, error.to_string(), fix)]
        }
    }
}

/// Checks all databases concurrently. If there are several, each check names its database.
async fn of_all(shards: Shards) -> Vec<Check> {
    let databases = shards.into_databases();
    let is_only = databases.len() == 1;
    let checks = databases.into_iter().enumerate();
    let checks = checks.map(|(index, firebase)| async move {
        let checks = of(&firebase).await.into_iter();
        let named = checks.map(|check| {
            if is_only {
                check
            } else {
                check.of_database(firebase.database_url())
            }
        });
        (index, named.collect::<Vec<_>>())
    });
    let mut checks = checks.collect::<JoinSet<_>>().join_all().await;
    checks.sort_by_key(|(index, _)| *index);
    checks.into_iter().flat_map(|(_, of_one)| of_one).collect()
}

async fn of(firebase: &Firebase) -> Vec<Check> {
    let (reached, clock) = database(firebase).await;
    let is_reached = reached.fix.is_none();
    let mut checks = vec![reached, clock];
    if is_reached {
        checks.push(deployed_rules(firebase).await);
        checks.extend(rules::checks(firebase).await);
    }
    checks
}

async fn database(firebase: &Firebase) -> (Check, Check) {
    let sent_at = Utc::now();
    // No room has this id.
    let path = format!("chats/preflight-{}/metadata/revision", Uuid::new_v4());
    let response = firebase.probe(Method::GET, &path, None, None).await;
    let reading = response
        .as_ref()
        .ok()
        .and_then(|it| Reading::of(it, sent_at));
    let check = match response {
        Ok(response) => judge(response).await,
        Err(error) => no_response("Firebase database", &error),
    };
    (check, clock::check("clock of Firebase", reading))
}

async fn judge(response: Response) -> Check {
    const NAME: &str = "Firebase database";
    let status = response.status();
    let body: Value = response.json().await.unwrap_or_default();
    let failed = |detail: String, fix: &str| Check::failed(NAME, detail, fix);
    if let Some(correct) = body["correctUrl"].as_str() {
        return failed(
            "the database is in another region than the URL".to_owned(),
            &format!("write {correct} into FirebaseDatabaseUrl"),
        );
    }
    match status {
        StatusCode::OK => Check::ok(NAME, "reached, and the service account may read it"),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => failed(
            format!("the service account is not admitted ({status})"),
            "give it the role Firebase Realtime Database Admin, in the project of this database",
        ),
        StatusCode::NOT_FOUND => failed(
            "there is no database at FIREBASE_DATABASE_URL".to_owned(),
            "create the Realtime Database in the Firebase console, and copy its URL into FirebaseDatabaseUrl",
        ),
        StatusCode::LOCKED => failed(
            "the database is disabled".to_owned(),
            "enable it in the Firebase console",
        ),
        _ => failed(
            format!("Firebase responds with {status}"),
            "try again; status.firebase.google.com",
        ),
    }
}

/// Returns the failed check for a service that did not respond.
pub fn no_response(name: &'static str, error: &FirebaseError) -> Check {
    let fix = match error {
        FirebaseError::Key(_) => {
            "Google rejects the service account: its key was deleted, the account is disabled, or the clock is wrong. \
             Make a new key, and write it into the secret"
        }
        FirebaseError::NoServiceAccount => "add firebase_service_account to the secret",
        _ => "from a VPC, the functions need NAT to reach Google; check the address, too",
    };
    Check::failed(name, error.to_string(), fix)
}

async fn deployed_rules(firebase: &Firebase) -> Check {
    const NAME: &str = "Firebase rules";
    let response = match firebase
        .probe(Method::GET, ".settings/rules", None, None)
        .await
    {
        Ok(response) => response,
        Err(error) => return no_response(NAME, &error),
    };
    let status = response.status();
    if !status.is_success() {
        let detail = format!("they cannot be read ({status}); their effect is checked below");
        return Check::skipped(NAME, detail);
    }
    let deployed = response.json::<Value>().await.ok();
    let ours = serde_json::from_str::<Value>(RULES).ok();
    Check::that(
        NAME,
        deployed.is_some() && deployed == ours,
        if deployed == ours {
            "those of this release"
        } else {
            "not those of this release"
        },
        DEPLOY_RULES,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Status;
    use serde_json::json;
    use shared::http_client::HttpClient;
    use wiremock::matchers::any;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    async fn judged(status: u16, body: Value) -> Check {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(status).set_body_json(body))
            .mount(&server)
            .await;
        let request = HttpClient::default().get().get(server.uri());
        judge(request.send().await.unwrap()).await
    }

    #[tokio::test]
    async fn a_database_in_another_region_is_named() {
        let url = "https://relais-default-rtdb.europe-west1.firebasedatabase.app";
        let check = judged(
            404,
            json!({ "correctUrl": url, "error": "Database lives in a different region." }),
        )
        .await;
        assert!(check.fix.unwrap().contains(url));
    }

    #[tokio::test]
    async fn each_error_of_firebase_has_its_own_explanation() {
        for (status, words) in [
            (401, "not admitted"),
            (404, "no database"),
            (423, "disabled"),
            (503, "503"),
        ] {
            let check = judged(status, json!({ "error": "" })).await;
            assert_eq!(check.status, Status::Failed);
            assert!(check.detail.contains(words), "{check:?}");
        }
        assert_eq!(judged(200, Value::Null).await.status, Status::Ok);
    }
}
