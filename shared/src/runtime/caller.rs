use std::future::Future;

use lambda_http::http::HeaderMap;

use crate::auth::{JwtKey, Rejection, TokenRules, authenticate, authenticate_platform};
use crate::db::{Database, viewer};
use crate::domain::{Platform, Viewer};
use crate::error::{Result, Unauthorized};
use crate::secret::SecretStore;

/// The kind of caller that an endpoint serves. A handler selects it by the type of its second parameter.
pub trait Caller: Copy + Send + Sync + 'static {
    /// Authenticates the caller by a token that one of `keys` has signed.
    ///
    /// # Errors
    /// See [`Rejection`].
    fn authenticate(
        headers: &HeaderMap,
        rules: &TokenRules,
        keys: &[JwtKey],
    ) -> Result<Self, Rejection>;

    /// Checks in the database that the caller exists, for requests that run no other statement.
    ///
    /// # Errors
    /// 401 for an unknown or inactive caller; 503 if PostgreSQL does not respond.
    fn require(self, database: &Database) -> impl Future<Output = Result<()>> + Send;
}

/// Authenticates the caller. If none of the keys has signed the token, reads the secret again, since the keys may have
/// been rotated.
pub(super) async fn authenticate_request<C: Caller>(
    headers: &HeaderMap,
    rules: &TokenRules,
    secrets: &SecretStore,
) -> Result<C, Unauthorized> {
    let secret = secrets.current();
    match C::authenticate(headers, rules, &secret.jwt_keys) {
        Err(Rejection::UnknownKey) => {
            let fresh = secrets.refresh(&secret).await.unwrap_or_else(|error| {
                tracing::error!(%error, "secret not reloaded");
                secrets.current()
            });
            Ok(C::authenticate(headers, rules, &fresh.jwt_keys)?)
        }
        result => Ok(result?),
    }
}

impl Caller for Viewer {
    fn authenticate(
        headers: &HeaderMap,
        rules: &TokenRules,
        keys: &[JwtKey],
    ) -> Result<Self, Rejection> {
        authenticate(headers, rules, keys)
    }

    async fn require(self, database: &Database) -> Result<()> {
        viewer::require(database, self).await
    }
}

/// The platform is not a user: its token is all that is checked.
impl Caller for Platform {
    fn authenticate(
        headers: &HeaderMap,
        rules: &TokenRules,
        keys: &[JwtKey],
    ) -> Result<Self, Rejection> {
        authenticate_platform(headers, rules, keys)
    }

    async fn require(self, _: &Database) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jsonwebtoken::{EncodingKey, Header, encode};
    use lambda_http::http::header::AUTHORIZATION;
    use serde_json::json;
    use wiremock::matchers::method;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::crypto;

    const OLD: &str = "the key before the rotation, long enough";
    const NEW: &str = "the key after the rotation, long enough";

    fn headers(key: &str, expires: u64) -> HeaderMap {
        crypto::install();
        let user_id = "018f0000-0000-7000-8000-000000000001";
        let claims =
            json!({ "token_type": "access", "exp": expires, "jti": "x", "user_id": user_id });
        let key = EncodingKey::from_secret(key.as_bytes());
        let token = encode(&Header::default(), &claims, &key).unwrap();
        let header = format!("Bearer {token}").parse().unwrap();
        [(AUTHORIZATION, header)].into_iter().collect()
    }

    async fn rotate(server: &MockServer, secret: serde_json::Value) {
        server.reset().await;
        let body = json!({ "SecretString": secret.to_string() });
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(server)
            .await;
    }

    /// Advances the clock past [`SecretStore`]'s interval between two reads.
    async fn half_a_minute() {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(31)).await;
        tokio::time::resume();
    }

    #[tokio::test]
    async fn only_a_token_with_an_unknown_key_triggers_a_reload() {
        const LATER: u64 = 4_000_000_000;
        let server = MockServer::start().await;
        rotate(&server, json!({ "database_url": "d", "jwt_secret": OLD })).await;
        let secrets = SecretStore::open_at(&server.uri()).await.unwrap();
        rotate(
            &server,
            json!({ "database_url": "d", "jwt_secret": NEW, "previous_jwt_secret": OLD }),
        )
        .await;
        let rules = TokenRules::default();
        let is_known = async |key, expires| {
            authenticate_request::<Viewer>(&headers(key, expires), &rules, &secrets)
                .await
                .is_ok()
        };
        let reads = async || server.received_requests().await.unwrap_or_default().len();

        half_a_minute().await;
        for _ in 0..5 {
            assert!(is_known(OLD, LATER).await);
            assert!(!is_known(OLD, 1).await, "expired");
        }
        assert_eq!(reads().await, 0);

        assert!(is_known(NEW, LATER).await);
        for _ in 0..5 {
            assert!(!is_known("a key of a forger, which is long enough", LATER).await);
        }
        assert_eq!(reads().await, 1, "not again so soon");
        half_a_minute().await;
        assert!(is_known(OLD, LATER).await);
        assert!(!is_known(NEW, 1).await, "expired");
        assert_eq!(reads().await, 1);
        assert!(!is_known("a key of a forger, which is long enough", LATER).await);
        assert_eq!(reads().await, 2);
    }

    #[tokio::test]
    async fn a_weak_key_does_not_replace_the_current_one() {
        const LATER: u64 = 4_000_000_000;
        let server = MockServer::start().await;
        rotate(&server, json!({ "database_url": "d", "jwt_secret": OLD })).await;
        let secrets = SecretStore::open_at(&server.uri()).await.unwrap();
        let rules = TokenRules::default();
        for weak in ["", " ", "x"] {
            rotate(&server, json!({ "database_url": "d", "jwt_secret": weak })).await;
            half_a_minute().await;
            let forged = headers(weak, LATER);
            assert!(
                authenticate_request::<Viewer>(&forged, &rules, &secrets)
                    .await
                    .is_err()
            );
            let good = headers(OLD, LATER);
            assert!(
                authenticate_request::<Viewer>(&good, &rules, &secrets)
                    .await
                    .is_ok()
            );
            assert_eq!(server.received_requests().await.unwrap().len(), 1);
        }
    }
}
