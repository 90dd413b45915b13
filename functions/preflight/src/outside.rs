//! The optional services: Cloudinary and Redis.

use std::time::Duration;

use reqwest::{Error, StatusCode};
use shared::cache::Cache;
use shared::http_client::HttpClient;
use shared::secret::SecretStore;

use crate::report::Check;

pub async fn cloudinary(secrets: &SecretStore) -> Vec<Check> {
    let secret = secrets.current();
    let Some(account) = &secret.cloudinary else {
        let detail = "cloudinary_url is not set: POST /uploads/ is not offered";
        return vec![Check::skipped("Cloudinary", detail)];
    };
    let request = account.ping(&HttpClient::default());
    let response = request.timeout(Duration::from_secs(8)).send().await;
    vec![judge(response.map(|it| it.status()))]
}

fn judge(status: Result<StatusCode, Error>) -> Check {
    const NAME: &str = "Cloudinary";
    let failed = |detail: String, fix: &str| Check::failed(NAME, detail, fix);
    match status {
        Ok(StatusCode::OK) => Check::ok(NAME, "cloud name, key and secret match"),
        Ok(StatusCode::UNAUTHORIZED) => failed(
            "Cloudinary rejects the key (401)".to_owned(),
            "copy the API environment variable of Cloudinary's console into cloudinary_url",
        ),
        Ok(StatusCode::FORBIDDEN) => Check::skipped(
            NAME,
            "the key may not use the Admin API: upload one photo to try it",
        ),
        Ok(StatusCode::NOT_FOUND) => failed(
            "there is no such cloud (404)".to_owned(),
            "check the cloud name in cloudinary_url, and upload_prefix for another data centre",
        ),
        Ok(status) => failed(
            format!("Cloudinary responds with {status}"),
            "try again; status.cloudinary.com",
        ),
        Err(error) => failed(
            error.without_url().to_string(),
            "from a VPC, the functions need NAT to reach Cloudinary",
        ),
    }
}

pub async fn redis(secrets: &SecretStore) -> Vec<Check> {
    const NAME: &str = "Redis";
    let secret = secrets.current();
    let Some(url) = &secret.redis_url else {
        return vec![Check::skipped(
            NAME,
            "redis_url is not set: there is no cache",
        )];
    };
    let cache = match Cache::open(url) {
        Ok(cache) => cache,
        Err(reason) => {
            return vec![Check::failed(
                NAME,
                reason,
                "correct redis_url in the secret",
            )];
        }
    };
    vec![match cache.ping().await {
        Ok(()) => Check::ok(NAME, "it responds"),
        Err(reason) => Check::failed(
            NAME,
            reason,
            "check redis_url (rediss:// for TLS) and the security groups; without it the chat works, uncached",
        ),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Status;

    #[test]
    fn each_error_of_cloudinary_has_its_own_explanation() {
        for (status, expected) in [
            (200, Status::Ok),
            (401, Status::Failed),
            (403, Status::Skipped),
            (404, Status::Failed),
            (500, Status::Failed),
        ] {
            let check = judge(Ok(StatusCode::from_u16(status).unwrap()));
            assert_eq!(check.status, expected, "{check:?}");
        }
    }
}
