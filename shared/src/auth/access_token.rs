use lambda_http::http::HeaderMap;
use uuid::Uuid;

use super::bearer::Claims;
use crate::domain::Viewer;
use crate::error::Unauthorized;

/// Who sends these headers, by an access token of simplejwt's in `Authorization: Bearer …`, signed with HS256 and one
/// of `secrets`.
///
/// # Errors
/// As simplejwt has them. [`Unauthorized::InvalidToken`] may also mean that the secret was rotated.
pub fn authenticate<'a>(
    headers: &HeaderMap,
    secrets: impl IntoIterator<Item = &'a str>,
) -> Result<Viewer, Unauthorized> {
    user_of(&Claims::of(headers, secrets)?)
}

fn user_of(claims: &Claims) -> Result<Viewer, Unauthorized> {
    if claims.jti.is_null() {
        return Err(Unauthorized::InvalidToken);
    }
    // A token for the platform's own backend names no user, and one that does all the same is nobody's.
    if claims.token_type != "access" || claims.is_for_the_platform() {
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
    use crate::crypto;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use lambda_http::http::header::AUTHORIZATION;
    use serde_json::{Value, json};

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
            (
                with("aud", json!("chat-events")),
                Unauthorized::WrongTokenType,
            ),
            (with("user_id", json!("42")), Unauthorized::NoUser),
            (with("user_id", json!(42)), Unauthorized::NoUser),
            (with("user_id", json!(null)), Unauthorized::NoUser),
        ] {
            assert_eq!(answer(&claims), Err(expected), "{claims}");
        }
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
