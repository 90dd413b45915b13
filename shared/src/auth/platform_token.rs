use lambda_http::http::HeaderMap;

use super::bearer::Claims;
use super::{JwtKey, Rejection, TokenRules};
use crate::domain::Platform;
use crate::error::Unauthorized;

/// Authenticates the platform's backend by a token in `Authorization: Bearer …` with the audience `chat-events`, signed
/// with one of `keys`. `rules.audience` and `rules.issuer` do not apply. A token with a type or a user id is a user's
/// token and is rejected.
///
/// # Errors
/// As in [`authenticate`](super::authenticate).
pub fn authenticate_platform(
    headers: &HeaderMap,
    rules: &TokenRules,
    keys: &[JwtKey],
) -> Result<Platform, Rejection> {
    let claims = Claims::of(headers, rules, keys)?;
    let is_a_users =
        !claims.get("token_type").is_null() || !claims.get(&rules.user_id_claim).is_null();
    if is_a_users || !claims.is_for_the_platform() {
        return Err(Unauthorized::WrongTokenType.into());
    }
    Ok(Platform)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto;
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use lambda_http::http::header::AUTHORIZATION;
    use serde_json::{Value, json};

    const SECRET: &str = "a secret of the tests, long enough";
    const OTHER: &str = "another secret of the tests, long enough";

    fn result(claims: &Value, rules: &TokenRules, keys: &[&str]) -> Result<Platform, Rejection> {
        crypto::install();
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let token = encode(&Header::new(rules.algorithm), claims, &key).unwrap();
        let headers = [(AUTHORIZATION, format!("Bearer {token}").parse().unwrap())]
            .into_iter()
            .collect();
        let keys = keys.iter().map(|key| JwtKey::parse(rules.algorithm, key));
        authenticate_platform(
            &headers,
            rules,
            &keys.collect::<Result<Vec<_>, _>>().unwrap(),
        )
    }

    #[test]
    fn a_platform_token_needs_only_an_audience_and_an_expiry() {
        let claims = json!({ "aud": "chat-events", "exp": 4_000_000_000_u64 });
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let rules = TokenRules {
                algorithm,
                audience: vec!["app".to_owned()],
                issuer: Some("https://id.example".to_owned()),
                user_id_claim: "sub".to_owned(),
                ..TokenRules::default()
            };
            assert_eq!(result(&claims, &rules, &[SECRET, OTHER]), Ok(Platform));
            assert_eq!(result(&claims, &rules, &[OTHER, SECRET]), Ok(Platform));
            assert_eq!(
                result(&claims, &rules, &[OTHER]),
                Err(Rejection::UnknownKey)
            );
        }
    }

    #[test]
    fn a_users_token_is_not_a_platform_token() {
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
            assert_eq!(
                result(&claims, &TokenRules::default(), &[SECRET]),
                Err(Rejection::Final(expected)),
                "{claims}"
            );
        }
    }
}
