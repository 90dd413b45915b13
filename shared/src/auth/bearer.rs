use std::time::{SystemTime, UNIX_EPOCH};

use lambda_http::http::HeaderMap;
use lambda_http::http::header::AUTHORIZATION;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::key::Unverified;
use super::rules::PLATFORM;
use super::{JwtKey, TokenRules};
use crate::error::Unauthorized;

/// Why a request is not authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// No key matches the signature: the token is forged, or the keys were rotated.
    UnknownKey,
    /// Another key would give the same result.
    Final(Unauthorized),
}

impl From<Unauthorized> for Rejection {
    fn from(reason: Unauthorized) -> Self {
        Self::Final(reason)
    }
}

impl From<Rejection> for Unauthorized {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::UnknownKey => Self::InvalidToken,
            Rejection::Final(reason) => reason,
        }
    }
}

/// The claims of a token of any type. Each check decides what it accepts, so that all invalid tokens get the same
/// response.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    /// Returns the claims of the token in `Authorization: Bearer …` after checking its signature and times.
    pub(super) fn of(
        headers: &HeaderMap,
        rules: &TokenRules,
        keys: &[JwtKey],
    ) -> Result<Self, Rejection> {
        let claims = verify_signature(bearer_token(headers)?, keys)?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0.0, |since| since.as_secs_f64());
        claims.check_times(now, rules.leeway)?;
        Ok(claims)
    }

    /// Returns a claim, or null if there is none.
    pub(super) fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// Checks `exp`, `nbf` and `iat` as Python's `PyJWT` does; `now` in seconds since 1970, `leeway` in seconds.
    fn check_times(&self, now: f64, leeway: f64) -> Result<(), Unauthorized> {
        let expires = self.get("exp").as_f64();
        let expires = expires.ok_or(Unauthorized::InvalidToken)?;
        if expires <= now - leeway {
            return Err(Unauthorized::InvalidToken);
        }
        for not_before in [self.get("nbf"), self.get("iat")] {
            let is_early = |moment| moment > now + leeway;
            if !not_before.is_null() && not_before.as_f64().is_none_or(is_early) {
                return Err(Unauthorized::InvalidToken);
            }
        }
        Ok(())
    }

    /// Returns whether `aud`, a string or a list, contains one of `accepted`.
    pub(super) fn is_for(&self, accepted: &[impl AsRef<str>]) -> bool {
        let named = match self.get("aud") {
            Value::Array(several) => several.as_slice(),
            audience => std::slice::from_ref(audience),
        };
        let mut named = named.iter().filter_map(Value::as_str);
        named.any(|audience| accepted.iter().any(|it| it.as_ref() == audience))
    }

    /// Returns whether the token is meant for the platform's backend.
    pub(super) fn is_for_the_platform(&self) -> bool {
        self.is_for(&[PLATFORM])
    }
}

/// Returns the token. The scheme is case-sensitive, as in simplejwt.
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

fn verify_signature(token: &str, keys: &[JwtKey]) -> Result<Claims, Rejection> {
    for key in keys {
        match key.verify(token) {
            Ok(claims) => return Ok(claims),
            Err(Unverified::Malformed) => return Err(Unauthorized::InvalidToken.into()),
            Err(Unverified::Signature) => {}
        }
    }
    Err(Rejection::UnknownKey)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(claims: Value) -> Claims {
        serde_json::from_value(claims).unwrap()
    }

    #[test]
    fn a_token_expires_at_exp_plus_the_leeway() {
        let claims = claims(json!({ "exp": 1000 }));
        for (now, leeway, valid) in [
            (999.9, 0.0, true),
            (1000.0, 0.0, false),
            (1004.9, 5.0, true),
            (1005.0, 5.0, false),
        ] {
            assert_eq!(
                claims.check_times(now, leeway).is_ok(),
                valid,
                "{now} {leeway}"
            );
        }
    }

    #[test]
    fn a_token_is_valid_from_nbf_and_iat_minus_the_leeway() {
        for claim in ["nbf", "iat"] {
            let claims = claims(json!({ "exp": 2000, claim: 1000 }));
            for (now, leeway, valid) in [
                (999.9, 0.0, false),
                (1000.0, 0.0, true),
                (994.9, 5.0, false),
                (995.0, 5.0, true),
            ] {
                let result = claims.check_times(now, leeway);
                assert_eq!(result.is_ok(), valid, "{claim} {now} {leeway}");
            }
        }
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
