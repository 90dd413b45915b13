//! A token in `Authorization: Bearer …`: its signature, and the claims that every kind of token has.

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use lambda_http::http::HeaderMap;
use lambda_http::http::header::AUTHORIZATION;
use serde::Deserialize;
use serde_json::Value;

use crate::crypto;
use crate::error::Unauthorized;

/// The audience of the tokens that the platform's own backend calls with.
const PLATFORM: &str = "chat-events";

/// The claims of a token. They are taken as they come: what is of another type is for the checks to refuse, so that
/// every bad token has the same answer.
#[derive(Deserialize)]
pub(super) struct Claims {
    #[serde(default)]
    pub(super) token_type: Value,
    #[serde(default)]
    pub(super) jti: Value,
    #[serde(default)]
    pub(super) user_id: Value,
    #[serde(default)]
    exp: Value,
    #[serde(default)]
    nbf: Value,
    #[serde(default)]
    iat: Value,
    #[serde(default)]
    aud: Value,
}

impl Claims {
    /// The claims of the token that these headers carry, signed with HS256 and one of `secrets`, at this time.
    pub(super) fn of<'a>(
        headers: &HeaderMap,
        secrets: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Unauthorized> {
        let token = bearer_token(headers)?;
        let claims = secrets
            .into_iter()
            .find_map(|secret| verify_signature(token, secret))
            .ok_or(Unauthorized::InvalidToken)?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0.0, |since| since.as_secs_f64());
        claims.check_times(now)?;
        Ok(claims)
    }

    /// `now` in seconds since 1970.
    pub(super) fn check_times(&self, now: f64) -> Result<(), Unauthorized> {
        let expires = self.exp.as_f64().ok_or(Unauthorized::InvalidToken)?;
        if expires <= now {
            return Err(Unauthorized::InvalidToken);
        }
        for not_before in [&self.nbf, &self.iat] {
            if !not_before.is_null() && not_before.as_f64().is_none_or(|moment| moment > now) {
                return Err(Unauthorized::InvalidToken);
            }
        }
        Ok(())
    }

    /// Whether the token is meant for the platform's own backend: one audience, or one of several.
    pub(super) fn is_for_the_platform(&self) -> bool {
        match &self.aud {
            Value::Array(several) => several.iter().any(|audience| audience == PLATFORM),
            audience => audience == PLATFORM,
        }
    }
}

/// The scheme is compared as simplejwt compares it, letter by letter.
fn bearer_token(headers: &HeaderMap) -> Result<&str, Unauthorized> {
    let header = headers
        .get(AUTHORIZATION)
        .ok_or(Unauthorized::NotAuthenticated)?;
    let mut parts = header
        .to_str()
        .map_err(|_| Unauthorized::NotAuthenticated)?
        .split_ascii_whitespace();
    if parts.next() != Some("Bearer") {
        return Err(Unauthorized::NotAuthenticated);
    }
    match (parts.next(), parts.next()) {
        (Some(token), None) => Ok(token),
        _ => Err(Unauthorized::BadHeader),
    }
}

fn verify_signature(token: &str, secret: &str) -> Option<Claims> {
    crypto::install();
    // HS256 and nothing else, whatever the token's header asks for. Times and the audience are checked above, times
    // with simplejwt's leeway of none; the library's is a minute, and it takes an `exp` of this very second for a good
    // one.
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    decode::<Claims>(
        token,
        &DecodingKey::from_secret(secret.as_bytes()),
        &validation,
    )
    .ok()
    .map(|token| token.claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(claims: Value) -> Claims {
        serde_json::from_value(claims).unwrap()
    }

    #[test]
    fn a_token_expires_on_the_very_second() {
        let claims = claims(json!({ "exp": 1000 }));
        assert_eq!(claims.check_times(1000.0), Err(Unauthorized::InvalidToken));
        assert!(claims.check_times(999.9).is_ok());
    }

    #[test]
    fn the_platform_may_be_one_of_several_audiences() {
        for (audience, expected) in [
            (json!("chat-events"), true),
            (json!(["billing", "chat-events"]), true),
            (json!("chat-events-2"), false),
            (json!(["billing"]), false),
            (json!({ "chat-events": true }), false),
            (json!(null), false),
        ] {
            let claims = claims(json!({ "aud": audience.clone() }));
            assert_eq!(claims.is_for_the_platform(), expected, "{audience}");
        }
    }
}
