use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use lambda_http::http::HeaderMap;
use lambda_http::http::header::AUTHORIZATION;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::crypto;
use crate::domain::Viewer;
use crate::error::Unauthorized;

/// The claims of simplejwt's `AccessToken`. They are taken as they come: what is of another type is for
/// [`check_claims`] to refuse, so that every bad token has the same answer.
#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    token_type: Value,
    #[serde(default)]
    jti: Value,
    #[serde(default)]
    exp: Value,
    #[serde(default)]
    nbf: Value,
    #[serde(default)]
    iat: Value,
    #[serde(default)]
    user_id: Value,
}

/// Who sends these headers, by the token in `Authorization: Bearer …`, signed with HS256 and one of `secrets`.
///
/// # Errors
/// As simplejwt has them. [`Unauthorized::InvalidToken`] may also mean that the secret was rotated.
pub fn authenticate<'a>(
    headers: &HeaderMap,
    secrets: impl IntoIterator<Item = &'a str>,
) -> Result<Viewer, Unauthorized> {
    let token = bearer_token(headers)?;
    let claims = secrets
        .into_iter()
        .find_map(|secret| verify_signature(token, secret));
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64());
    check_claims(&claims.ok_or(Unauthorized::InvalidToken)?, now)
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
    // HS256 and nothing else, whatever the token's header asks for. Times are checked below, with simplejwt's leeway
    // of none; the library's is a minute, and it takes an `exp` of this very second for a good one.
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

/// `now` in seconds since 1970.
fn check_claims(claims: &Claims, now: f64) -> Result<Viewer, Unauthorized> {
    let expires = claims.exp.as_f64().ok_or(Unauthorized::InvalidToken)?;
    if expires <= now {
        return Err(Unauthorized::InvalidToken);
    }
    for not_before in [&claims.nbf, &claims.iat] {
        if !not_before.is_null() && not_before.as_f64().is_none_or(|moment| moment > now) {
            return Err(Unauthorized::InvalidToken);
        }
    }
    if claims.jti.is_null() {
        return Err(Unauthorized::InvalidToken);
    }
    if claims.token_type != "access" {
        return Err(Unauthorized::WrongTokenType);
    }
    let user_id = claims
        .user_id
        .as_str()
        .and_then(|id| Uuid::try_parse(id).ok());
    user_id.map(Viewer).ok_or(Unauthorized::NoUser)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

    const SECRET: &str = "a secret of the tests, long enough";
    const USER: &str = "018f0000-0000-7000-8000-000000000001";

    fn good() -> Value {
        json!({"token_type": "access", "exp": 4_000_000_000_u64, "iat": 1, "jti": "x", "user_id": USER})
    }

    fn with(key: &str, value: Value) -> Value {
        let mut claims = good();
        claims[key] = value;
        claims
    }

    fn answer(claims: &Value) -> Result<Viewer, Unauthorized> {
        crypto::install();
        let token = encode(
            &Header::default(),
            claims,
            &EncodingKey::from_secret(SECRET.as_bytes()),
        )
        .unwrap();
        authenticate_header(&format!("Bearer {token}"))
    }

    fn authenticate_header(value: &str) -> Result<Viewer, Unauthorized> {
        let headers = [(AUTHORIZATION, value.parse().unwrap())]
            .into_iter()
            .collect();
        authenticate(&headers, [SECRET])
    }

    #[test]
    fn a_good_token_names_its_user() {
        assert_eq!(answer(&good()), Ok(Viewer(USER.parse().unwrap())));
    }

    #[test]
    fn during_a_rotation_either_secret_will_do() {
        crypto::install();
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let token = encode(&Header::default(), &good(), &key).unwrap();
        let headers = [(AUTHORIZATION, format!("Bearer {token}").parse().unwrap())]
            .into_iter()
            .collect();
        assert!(authenticate(&headers, ["the new one", SECRET]).is_ok());
        assert_eq!(
            authenticate(&headers, ["the new one"]),
            Err(Unauthorized::InvalidToken)
        );
    }

    #[test]
    fn every_claim_is_checked() {
        for (claims, expected) in [
            (
                with("token_type", json!("refresh")),
                Unauthorized::WrongTokenType,
            ),
            (
                with("token_type", json!(null)),
                Unauthorized::WrongTokenType,
            ),
            (with("exp", json!(1)), Unauthorized::InvalidToken),
            (with("exp", json!(null)), Unauthorized::InvalidToken),
            (with("exp", json!("4000000000")), Unauthorized::InvalidToken),
            (
                with("nbf", json!(4_000_000_000_u64)),
                Unauthorized::InvalidToken,
            ),
            (
                with("iat", json!(4_000_000_000_u64)),
                Unauthorized::InvalidToken,
            ),
            (with("jti", json!(null)), Unauthorized::InvalidToken),
            (with("user_id", json!("42")), Unauthorized::NoUser),
            (with("user_id", json!(42)), Unauthorized::NoUser),
            (with("user_id", json!(null)), Unauthorized::NoUser),
        ] {
            assert_eq!(answer(&claims), Err(expected), "{claims}");
        }
    }

    #[test]
    fn a_token_expires_on_the_very_second() {
        let claims: Claims = serde_json::from_value(with("exp", json!(1000))).unwrap();
        assert_eq!(
            check_claims(&claims, 1000.0),
            Err(Unauthorized::InvalidToken)
        );
        assert!(check_claims(&claims, 999.9).is_ok());
    }

    #[test]
    fn another_algorithm_is_refused_whatever_the_header_says() {
        // {"alg":"none","typ":"JWT"} with an empty signature, and with none at all.
        let claims = "eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0";
        for token in [
            format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}."),
            format!("eyJhbGciOiJub25lIn0.{claims}"),
        ] {
            assert_eq!(
                authenticate_header(&format!("Bearer {token}")),
                Err(Unauthorized::InvalidToken)
            );
        }
        crypto::install();
        let key = EncodingKey::from_secret(b"another secret");
        let forged = encode(&Header::default(), &good(), &key).unwrap();
        assert_eq!(
            authenticate_header(&format!("Bearer {forged}")),
            Err(Unauthorized::InvalidToken)
        );
    }

    #[test]
    fn the_header_must_be_bearer_and_one_token() {
        for (header, expected) in [
            ("", Unauthorized::NotAuthenticated),
            ("Basic dTpw", Unauthorized::NotAuthenticated),
            ("bearer x", Unauthorized::NotAuthenticated),
            ("Bearer", Unauthorized::BadHeader),
            ("Bearer a b", Unauthorized::BadHeader),
            ("Bearer x", Unauthorized::InvalidToken),
        ] {
            assert_eq!(authenticate_header(header), Err(expected), "{header}");
        }
        assert_eq!(
            authenticate(&HeaderMap::new(), [SECRET]),
            Err(Unauthorized::NotAuthenticated)
        );
    }
}
