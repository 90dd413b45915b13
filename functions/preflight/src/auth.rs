//! Firebase Authentication: signs a custom token, exchanges it as a phone does, and uses it on the database.

use std::time::Duration;

use serde_json::{Value, json};
use shared::config::{Settings, database_url};
use shared::firebase::custom_token;
use shared::http_client::HttpClient;
use shared::secret::SecretStore;
use url::Url;
use uuid::Uuid;

use crate::Command;
use crate::report::Check;

const TIMEOUT: Duration = Duration::from_secs(8);
const SIGN_IN: &str = "Firebase Authentication";
const ACCEPTED: &str = "Firebase accepts the sign-in";

pub async fn checks(settings: &Settings, secrets: &SecretStore, command: &Command) -> Vec<Check> {
    let secret = secrets.current();
    let (Some(firebase), Some(account)) = (&settings.firebase, &secret.service_account) else {
        return vec![Check::skipped(
            SIGN_IN,
            "without a mirror, phones do not sign in",
        )];
    };
    let Some(key) = &command.firebase_web_api_key else {
        let detail = "not tried: pass firebase_web_api_key, which the app's Firebase configuration has as apiKey";
        return vec![Check::skipped(SIGN_IN, detail)];
    };
    let token = match custom_token(account, Uuid::new_v4()) {
        Ok(token) => token.token,
        Err(error) => {
            let fix = "copy the service account's JSON key into the secret as Google made it";
            return vec![Check::failed(
                SIGN_IN,
                format!("no custom token can be signed: {error}"),
                fix,
            )];
        }
    };
    let client = HttpClient::default();
    let toolkit = Toolkit {
        client: &client,
        url: &command.identity_toolkit_url,
        key,
    };
    let body = json!({ "token": token, "returnSecureToken": true });
    let id_token = match toolkit.call("signInWithCustomToken", &body).await {
        Ok((200, body)) => body["idToken"].as_str().unwrap_or_default().to_owned(),
        Ok((status, body)) => return vec![explain(status, &body)],
        Err(reason) => {
            let fix = "from a VPC, the functions need NAT to reach Google";
            return vec![Check::failed(SIGN_IN, reason, fix)];
        }
    };
    let mut accepting = Vec::new();
    for url in &firebase.database_urls {
        let check = accepted(&client, url, &id_token).await;
        accepting.push(match firebase.database_urls.len() {
            1 => check,
            _ => check.of_database(database_url(url)),
        });
    }
    // The exchange has created a Firebase user.
    let deleted = toolkit
        .call("delete", &json!({ "idToken": id_token }))
        .await;
    let signed_in = match deleted {
        Ok((200, _)) => Check::ok(SIGN_IN, "a custom token is exchanged"),
        _ => Check::ok(
            SIGN_IN,
            "a custom token is exchanged; its user remains in the console and may be deleted",
        ),
    };
    accepting.insert(0, signed_in);
    accepting
}

/// Google's Identity Toolkit.
///
/// Source: cloud.google.com/identity-platform/docs/reference/rest/v1/accounts.
struct Toolkit<'a> {
    client: &'a HttpClient,
    url: &'a str,
    key: &'a str,
}

impl Toolkit<'_> {
    async fn call(&self, method: &str, body: &Value) -> Result<(u16, Value), String> {
        let url = format!("{}/v1/accounts:{method}", self.url.trim_end_matches('/'));
        let request = self
            .client
            .get()
            .post(url)
            .query(&[("key", self.key)])
            .json(body);
        let response = request.timeout(TIMEOUT).send().await;
        let response = response.map_err(|error| error.without_url().to_string())?;
        let status = response.status().as_u16();
        Ok((status, response.json().await.unwrap_or_default()))
    }
}

/// Explains an error of Identity Toolkit. Only its code is repeated, because its text may quote the key.
fn explain(status: u16, body: &Value) -> Check {
    let error = &body["error"];
    let message = error["message"].as_str().unwrap_or_default();
    let mut reasons = error["details"].as_array().into_iter().flatten();
    let reason = reasons.find_map(|it| it["reason"].as_str());
    let code = reason.unwrap_or_else(|| message.split([' ', ':']).next().unwrap_or_default());
    let fix = match code {
        "CONFIGURATION_NOT_FOUND" => {
            "enable Authentication: Firebase console, Build, Authentication, Get started (no provider is needed)"
        }
        "CREDENTIAL_MISMATCH" | "INVALID_CUSTOM_TOKEN" => {
            "the key and the service account are of different projects: take both from the app's project"
        }
        "API_KEY_INVALID" => "pass the apiKey of the app's Firebase configuration",
        "SERVICE_DISABLED" | "PROJECT_NOT_FOUND" => {
            "enable the Identity Toolkit API in the project"
        }
        _ if reason.is_some_and(|it| it.starts_with("API_KEY_")) => {
            "this key is restricted to apps or pages: pass one without such a restriction, or try from the app"
        }
        _ => "try again; status.firebase.google.com",
    };
    Check::failed(
        SIGN_IN,
        format!("the exchange is rejected with {status} {code}"),
        fix,
    )
}

/// Checks that the database accepts the signed-in user, and denies a room of other users.
async fn accepted(client: &HttpClient, database: &Url, id_token: &str) -> Check {
    let mut url = database.clone();
    url.set_path(&format!("chats/preflight-{}/metadata.json", Uuid::new_v4()));
    url.query_pairs_mut().append_pair("auth", id_token);
    let response = match client.get().get(url).timeout(TIMEOUT).send().await {
        Ok(response) => response,
        Err(error) => {
            let fix = "from a VPC, the functions need NAT to reach Google";
            return Check::failed(ACCEPTED, error.without_url().to_string(), fix);
        }
    };
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap_or_default();
    match (status, body["error"].as_str()) {
        (401, Some("Permission denied")) => Check::ok(ACCEPTED, "and denies a room of other users"),
        (200, _) => Check::failed(
            ACCEPTED,
            "and shows a room of other users",
            "deploy firebase/database.rules.json",
        ),
        _ => Check::failed(
            ACCEPTED,
            format!("the database does not know the user ({status})"),
            "the database and the service account are of different projects: phones will see nothing",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_without_authentication_is_explained() {
        let body = json!({ "error": { "code": 400, "message": "CONFIGURATION_NOT_FOUND" } });
        let check = explain(400, &body);
        assert!(
            check.detail.contains("CONFIGURATION_NOT_FOUND"),
            "{check:?}"
        );
        assert!(check.fix.unwrap().contains("enable Authentication"));
    }

    #[test]
    fn a_rejected_key_is_reported_by_its_reason_and_not_quoted() {
        let body = json!({ "error": { "code": 400, "message": "API key not valid: hunter2", "status": "INVALID_ARGUMENT",
            "details": [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID" }] } });
        let check = explain(400, &body);
        assert!(
            check.detail.contains("API_KEY_INVALID") && !check.detail.contains("hunter2"),
            "{check:?}"
        );
    }
}
