use lambda_http::http::HeaderMap;

use super::bearer::Claims;
use crate::domain::Platform;
use crate::error::Unauthorized;

/// Whether the platform's own backend sends these headers: by a token in `Authorization: Bearer …` whose audience is
/// `chat-events`, signed with HS256 and one of `secrets`. A token of simplejwt's is a user's, whatever it says beside
/// that.
///
/// # Errors
/// As those of access tokens. [`Unauthorized::InvalidToken`] may also mean that the secret was rotated.
pub fn authenticate_platform<'a>(
    headers: &HeaderMap,
    secrets: impl IntoIterator<Item = &'a str>,
) -> Result<Platform, Unauthorized> {
    let claims = Claims::of(headers, secrets)?;
    let is_a_users = !claims.token_type.is_null() || !claims.user_id.is_null();
    if is_a_users || !claims.is_for_the_platform() {
        return Err(Unauthorized::WrongTokenType);
    }
    Ok(Platform)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use lambda_http::http::header::AUTHORIZATION;
    use serde_json::{Value, json};

    const SECRET: &str = "a secret of the tests, long enough";

    fn answer(claims: &Value, secrets: [&str; 2]) -> Result<Platform, Unauthorized> {
        crypto::install();
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let token = encode(&Header::default(), claims, &key).unwrap();
        let headers = [(AUTHORIZATION, format!("Bearer {token}").parse().unwrap())]
            .into_iter()
            .collect();
        authenticate_platform(&headers, secrets)
    }

    #[test]
    fn an_audience_and_an_end_are_all_that_it_takes() {
        let claims = json!({ "aud": "chat-events", "exp": 4_000_000_000_u64 });
        assert_eq!(answer(&claims, [SECRET, "the old one"]), Ok(Platform));
        assert_eq!(answer(&claims, ["the new one", SECRET]), Ok(Platform));
        assert_eq!(
            answer(&claims, ["the new one", "another"]),
            Err(Unauthorized::InvalidToken)
        );
    }

    #[test]
    fn a_users_token_is_none_of_the_platforms() {
        let good = json!({ "aud": "chat-events", "exp": 4_000_000_000_u64 });
        for (key, value, expected) in [
            ("aud", json!(null), Unauthorized::WrongTokenType),
            ("aud", json!("chat"), Unauthorized::WrongTokenType),
            ("token_type", json!("access"), Unauthorized::WrongTokenType),
            ("token_type", json!("refresh"), Unauthorized::WrongTokenType),
            (
                "token_type",
                json!("chat-events"),
                Unauthorized::WrongTokenType,
            ),
            (
                "user_id",
                json!("018f0000-0000-7000-8000-000000000001"),
                Unauthorized::WrongTokenType,
            ),
            ("exp", json!(null), Unauthorized::InvalidToken),
            ("exp", json!(1), Unauthorized::InvalidToken),
            ("nbf", json!(4_000_000_000_u64), Unauthorized::InvalidToken),
        ] {
            let mut claims = good.clone();
            claims[key] = value;
            assert_eq!(answer(&claims, [SECRET, ""]), Err(expected), "{claims}");
        }
    }
}
