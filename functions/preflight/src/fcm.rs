//! Cloud Messaging: FCM validates a message for a device that does not exist.

use std::sync::Arc;

use serde_json::Value;
use shared::config::Settings;
use shared::push::Fcm;
use shared::secret::SecretStore;

use crate::firebase::no_response;
use crate::report::Check;

const NAME: &str = "FCM";

pub async fn checks(settings: &Settings, secrets: &Arc<SecretStore>) -> Vec<Check> {
    let Some(url) = settings.fcm_url.clone() else {
        return vec![Check::skipped(
            NAME,
            "pushes are switched off (Pushes=false)",
        )];
    };
    if secrets.current().service_account.is_none() {
        return vec![Check::skipped(
            NAME,
            "without a service account there are no pushes",
        )];
    }
    let check = match Fcm::new(url, secrets.clone(), Arc::default())
        .dry_run()
        .await
    {
        Ok(response) => {
            let status = response.status().as_u16();
            judge(status, &response.json().await.unwrap_or_default())
        }
        Err(error) => no_response(NAME, &error),
    };
    vec![check]
}

/// The device token must be the only error.
///
/// Source: firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode.
fn judge(status: u16, body: &Value) -> Check {
    let error = &body["error"];
    let details: Vec<_> = error["details"].as_array().into_iter().flatten().collect();
    let find = |field: &str| details.iter().find_map(|detail| detail[field].as_str());
    let code = find("errorCode").or_else(|| find("reason"));
    let code = code
        .or_else(|| error["status"].as_str())
        .unwrap_or_default();
    let fix = match (status, code) {
        (200, _) | (400, "INVALID_ARGUMENT") | (404, "UNREGISTERED") => {
            return Check::ok(
                NAME,
                "FCM accepts messages of this service account for this project",
            );
        }
        (403, "SENDER_ID_MISMATCH") => {
            "the service account is of another project: use the one of the app's project"
        }
        (403, "SERVICE_DISABLED") => {
            "enable the Firebase Cloud Messaging API (V1) in the project of the service account"
        }
        (401 | 403, _) => "give the service account the role Firebase Cloud Messaging API Admin",
        (404, _) => {
            "the service account's project has no Firebase: take the key from the app's project"
        }
        _ => "try again; status.firebase.google.com",
    };
    Check::failed(NAME, format!("FCM responds with {status} {code}"), fix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Status;
    use serde_json::json;

    #[test]
    fn an_error_of_the_device_token_means_success() {
        let body = json!({ "error": { "code": 400, "status": "INVALID_ARGUMENT",
            "message": "The registration token is not a valid FCM registration token",
            "details": [{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "INVALID_ARGUMENT" }] } });
        assert_eq!(judge(400, &body).status, Status::Ok);
    }

    #[test]
    fn each_rejection_has_a_remedy() {
        let error = |status: &str, details: Value| json!({ "error": { "status": status, "details": details } });
        let disabled = json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED" }]);
        let mismatch = json!([{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "SENDER_ID_MISMATCH" }]);
        for (status, body, words) in [
            (
                403,
                error("PERMISSION_DENIED", disabled),
                "enable the Firebase Cloud Messaging API",
            ),
            (403, error("PERMISSION_DENIED", mismatch), "another project"),
            (403, error("PERMISSION_DENIED", json!([])), "role"),
            (401, error("UNAUTHENTICATED", json!([])), "role"),
            (404, error("NOT_FOUND", json!([])), "project"),
            (503, error("UNAVAILABLE", json!([])), "try again"),
        ] {
            let check = judge(status, &body);
            assert_eq!(check.status, Status::Failed);
            assert!(check.fix.as_ref().unwrap().contains(words), "{check:?}");
        }
    }
}
