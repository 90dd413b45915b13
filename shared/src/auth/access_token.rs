use lambda_http::http::HeaderMap;
use uuid::Uuid;

use super::bearer::Claims;
use super::{JwtKey, Rejection, TokenRules};
use crate::domain::Viewer;
use crate::error::Unauthorized;

/// Returns the user that the access token in `Authorization: Bearer …` names.
///
/// # Errors
/// [`Rejection::UnknownKey`] if none of `keys` has signed the token; [`Rejection::Final`] with simplejwt's reason if
/// the token is invalid.
pub fn authenticate(
    headers: &HeaderMap,
    rules: &TokenRules,
    keys: &[JwtKey],
) -> Result<Viewer, Rejection> {
    Ok(user_of(&Claims::of(headers, rules, keys)?, rules)?)
}

fn user_of(claims: &Claims, rules: &TokenRules) -> Result<Viewer, Unauthorized> {
    let has_audience = rules.audience.is_empty() || claims.is_for(&rules.audience);
    let has_issuer = match &rules.issuer {
        Some(issuer) => claims.get("iss") == issuer,
        None => true,
    };
    if !has_audience || !has_issuer || claims.get("jti").is_null() {
        return Err(Unauthorized::InvalidToken);
    }
    // A platform token names no user. If it does, it is still not a user's token.
    if claims.get("token_type") != "access" || claims.is_for_the_platform() {
        return Err(Unauthorized::WrongTokenType);
    }
    let user_id = claims.get(&rules.user_id_claim).as_str();
    user_id
        .and_then(|id| Uuid::try_parse(id).ok())
        .map(Viewer)
        .ok_or(Unauthorized::NoUser)
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
    const USER: &str = "018f0000-0000-7000-8000-000000000001";

    fn good() -> Value {
        json!({"token_type": "access", "exp": 4_000_000_000_u64, "iat": 1, "jti": "x", "user_id": USER})
    }

    fn with(key: &str, value: Value) -> Value {
        let mut claims = good();
        claims[key] = value;
        claims
    }

    fn hmac(text: &str) -> JwtKey {
        JwtKey::parse(Algorithm::HS256, text).unwrap()
    }

    fn signed(claims: &Value, algorithm: Algorithm, secret: &str) -> String {
        crypto::install();
        let key = EncodingKey::from_secret(secret.as_bytes());
        encode(&Header::new(algorithm), claims, &key).unwrap()
    }

    fn of_header(value: &str, rules: &TokenRules, keys: &[JwtKey]) -> Result<Viewer, Rejection> {
        let headers = [(AUTHORIZATION, value.parse().unwrap())]
            .into_iter()
            .collect();
        authenticate(&headers, rules, keys)
    }

    fn of_token(token: &str, keys: &[JwtKey]) -> Result<Viewer, Rejection> {
        of_header(&format!("Bearer {token}"), &TokenRules::default(), keys)
    }

    fn of_claims(claims: &Value, rules: &TokenRules) -> Result<Viewer, Rejection> {
        let token = signed(claims, Algorithm::HS256, SECRET);
        of_header(&format!("Bearer {token}"), rules, &[hmac(SECRET)])
    }

    #[test]
    fn a_good_token_names_its_user() {
        let viewer = of_claims(&good(), &TokenRules::default());
        assert_eq!(viewer, Ok(Viewer(USER.parse().unwrap())));
    }

    #[test]
    fn during_a_rotation_both_keys_verify() {
        let token = signed(&good(), Algorithm::HS256, SECRET);
        assert!(of_token(&token, &[hmac(OTHER), hmac(SECRET)]).is_ok());
        assert_eq!(of_token(&token, &[hmac(OTHER)]), Err(Rejection::UnknownKey));
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
            let rejection = of_claims(&claims, &TokenRules::default());
            assert_eq!(rejection, Err(Rejection::Final(expected)), "{claims}");
        }
    }

    #[test]
    fn audience_issuer_and_user_id_claim_follow_the_rules() {
        let rules = TokenRules {
            audience: vec!["app".to_owned(), "chat".to_owned()],
            issuer: Some("https://id.example".to_owned()),
            user_id_claim: "sub".to_owned(),
            ..TokenRules::default()
        };
        let good = json!({
            "token_type": "access", "exp": 4_000_000_000_u64, "jti": "x", "sub": USER,
            "aud": ["web", "chat"], "iss": "https://id.example",
        });
        assert_eq!(of_claims(&good, &rules), Ok(Viewer(USER.parse().unwrap())));
        for (claim, value, expected) in [
            ("aud", json!("web"), Unauthorized::InvalidToken),
            ("aud", json!(null), Unauthorized::InvalidToken),
            ("aud", json!([]), Unauthorized::InvalidToken),
            ("aud", json!({ "app": true }), Unauthorized::InvalidToken),
            (
                "aud",
                json!(["app", "chat-events"]),
                Unauthorized::WrongTokenType,
            ),
            (
                "iss",
                json!("https://id.example/"),
                Unauthorized::InvalidToken,
            ),
            (
                "iss",
                json!(["https://id.example"]),
                Unauthorized::InvalidToken,
            ),
            ("iss", json!(null), Unauthorized::InvalidToken),
            ("sub", json!(null), Unauthorized::NoUser),
        ] {
            let mut claims = good.clone();
            claims[claim] = value;
            claims["user_id"] = json!(USER);
            let rejection = of_claims(&claims, &rules);
            assert_eq!(rejection, Err(Rejection::Final(expected)), "{claims}");
        }
    }

    #[test]
    fn rs256_verifies_with_the_public_key() {
        let keys = [JwtKey::parse(
            Algorithm::RS256,
            include_str!("testing/rsa-2048-public.pem"),
        )
        .unwrap()];
        let token = include_str!("testing/rs256-token.txt").trim();
        assert_eq!(of_token(token, &keys), Ok(Viewer(USER.parse().unwrap())));
        // The same bytes with one claim changed.
        let (start, signature) = token.rsplit_once('.').unwrap();
        let forged = format!("{start}A.{signature}");
        assert_eq!(of_token(&forged, &keys), Err(Rejection::UnknownKey));
    }

    #[test]
    fn a_token_cannot_choose_its_algorithm() {
        const INVALID: Result<Viewer, Rejection> =
            Err(Rejection::Final(Unauthorized::InvalidToken));
        let hmacs = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
        for ours in hmacs {
            let keys = [JwtKey::parse(ours, SECRET).unwrap()];
            for theirs in hmacs {
                let result = of_token(&signed(&good(), theirs, SECRET), &keys);
                assert_eq!(result.is_ok(), ours == theirs, "{ours:?} {theirs:?}");
            }
            // `{"alg":"none","typ":"JWT"}`, with an empty signature and without a signature.
            let claims = "eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0";
            for token in [
                format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}."),
                format!("eyJhbGciOiJub25lIn0.{claims}"),
                include_str!("testing/rs256-token.txt").trim().to_owned(),
            ] {
                assert_eq!(of_token(&token, &keys), INVALID, "{ours:?}");
            }
        }
        // The public key is public: it must not verify HMAC signatures.
        let pem = include_str!("testing/rsa-2048-public.pem");
        let keys = [JwtKey::parse(Algorithm::RS256, pem).unwrap()];
        for theirs in hmacs {
            for secret in [pem, pem.trim()] {
                let forged = signed(&good(), theirs, secret);
                assert_eq!(of_token(&forged, &keys), INVALID, "{theirs:?}");
            }
        }
    }

    #[test]
    fn only_a_bad_signature_suggests_another_key() {
        for (claims, secret, expected) in [
            (good(), OTHER, Rejection::UnknownKey),
            (with("exp", json!(1)), OTHER, Rejection::UnknownKey),
            (
                with("exp", json!(1)),
                SECRET,
                Rejection::Final(Unauthorized::InvalidToken),
            ),
        ] {
            let token = signed(&claims, Algorithm::HS256, secret);
            assert_eq!(of_token(&token, &[hmac(SECRET)]), Err(expected));
        }
    }

    #[test]
    fn the_header_must_be_bearer_with_one_token() {
        for (header, expected) in [
            ("", Unauthorized::NotAuthenticated),
            ("Basic dTpw", Unauthorized::NotAuthenticated),
            ("bearer x", Unauthorized::NotAuthenticated),
            ("Bearer", Unauthorized::BadHeader),
            ("Bearer a b", Unauthorized::BadHeader),
            ("Bearer x", Unauthorized::InvalidToken),
        ] {
            let rejection = of_header(header, &TokenRules::default(), &[hmac(SECRET)]);
            assert_eq!(rejection, Err(Rejection::Final(expected)), "{header}");
        }
        assert_eq!(
            authenticate(&HeaderMap::new(), &TokenRules::default(), &[hmac(SECRET)]),
            Err(Rejection::Final(Unauthorized::NotAuthenticated))
        );
    }
}
