use jsonwebtoken::Algorithm;

/// The requirements on a token, as simplejwt's settings of the same names.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenRules {
    /// `ALGORITHM`: the only accepted algorithm.
    pub algorithm: Algorithm,
    /// `LEEWAY`: the allowed clock difference to the issuer, in seconds.
    pub leeway: f64,
    /// `AUDIENCE`: a user's token must name one of these. If empty, `aud` is not checked.
    pub audience: Vec<String>,
    /// `ISSUER`: a user's token must name it. If `None`, `iss` is not checked.
    pub issuer: Option<String>,
    /// `USER_ID_CLAIM`: the claim with the user's id.
    pub user_id_claim: String,
}

/// The audience of the platform's tokens.
pub(super) const PLATFORM: &str = "chat-events";

impl Default for TokenRules {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::HS256,
            leeway: 5.0,
            audience: vec![],
            issuer: None,
            user_id_claim: "user_id".to_owned(),
        }
    }
}

impl TokenRules {
    const LONGEST_LEEWAY: u8 = 60;
    /// Claims with another meaning, which cannot hold the user's id.
    const RESERVED: [&str; 7] = ["aud", "exp", "iat", "iss", "jti", "nbf", "token_type"];

    /// Reads `JWT_ALGORITHM`, `JWT_LEEWAY_SECONDS`, `JWT_AUDIENCE` (comma-separated), `JWT_ISSUER` and
    /// `JWT_USER_ID_CLAIM`. A blank or missing variable keeps the default.
    ///
    /// # Errors
    /// The name of the invalid variable and the expected value.
    pub fn from_lookup(
        lookup: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, (&'static str, &'static str)> {
        let filled = |name| {
            let value = lookup(name)?.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        let mut rules = Self::default();
        if let Some(name) = filled("JWT_ALGORITHM") {
            rules.algorithm = match name.as_str() {
                "HS256" => Algorithm::HS256,
                "HS384" => Algorithm::HS384,
                "HS512" => Algorithm::HS512,
                "RS256" => Algorithm::RS256,
                _ => return Err(("JWT_ALGORITHM", "HS256, HS384, HS512 or RS256")),
            };
        }
        if let Some(seconds) = filled("JWT_LEEWAY_SECONDS") {
            let seconds = seconds.parse::<u8>().ok();
            let seconds = seconds.filter(|seconds| *seconds <= Self::LONGEST_LEEWAY);
            let seconds = seconds.ok_or(("JWT_LEEWAY_SECONDS", "a whole number from 0 to 60"))?;
            rules.leeway = f64::from(seconds);
        }
        if let Some(names) = filled("JWT_AUDIENCE") {
            let names = names.split(',').map(str::trim).map(str::to_owned);
            rules.audience = names.filter(|name| !name.is_empty()).collect();
            if rules.audience.is_empty() || rules.audience.iter().any(|name| name == PLATFORM) {
                let expected = "audiences separated by commas, without the platform's chat-events";
                return Err(("JWT_AUDIENCE", expected));
            }
        }
        rules.issuer = filled("JWT_ISSUER");
        if let Some(claim) = filled("JWT_USER_ID_CLAIM") {
            if Self::RESERVED.contains(&claim.as_str()) {
                let expected = "the claim with the user's id, and none that means something else";
                return Err(("JWT_USER_ID_CLAIM", expected));
            }
            rules.user_id_claim = claim;
        }
        Ok(rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(variables: &[(&str, &str)]) -> Result<TokenRules, &'static str> {
        let of = |name| variables.iter().find(|(known, _)| *known == name);
        TokenRules::from_lookup(|name| of(name).map(|(_, value)| (*value).to_owned()))
            .map_err(|(name, _)| name)
    }

    #[test]
    fn the_default_rules_are_simplejwts_with_five_seconds_of_leeway() {
        let blank = [
            ("JWT_ALGORITHM", " "),
            ("JWT_AUDIENCE", ""),
            ("JWT_LEEWAY_SECONDS", ""),
        ];
        assert_eq!(rules(&blank), Ok(TokenRules::default()));
        assert_eq!(rules(&[]), Ok(TokenRules::default()));
    }

    #[test]
    fn every_variable_is_read() {
        let variables = [
            ("JWT_ALGORITHM", "RS256"),
            ("JWT_LEEWAY_SECONDS", "60"),
            ("JWT_AUDIENCE", "chat, app,"),
            ("JWT_ISSUER", "https://id.example"),
            ("JWT_USER_ID_CLAIM", "sub"),
        ];
        let expected = TokenRules {
            algorithm: Algorithm::RS256,
            leeway: 60.0,
            audience: vec!["chat".to_owned(), "app".to_owned()],
            issuer: Some("https://id.example".to_owned()),
            user_id_claim: "sub".to_owned(),
        };
        assert_eq!(rules(&variables), Ok(expected));
    }

    #[test]
    fn an_invalid_value_names_its_variable() {
        for (name, value) in [
            ("JWT_ALGORITHM", "none"),
            ("JWT_ALGORITHM", "hs256"),
            ("JWT_ALGORITHM", "ES256"),
            ("JWT_LEEWAY_SECONDS", "61"),
            ("JWT_LEEWAY_SECONDS", "-1"),
            ("JWT_LEEWAY_SECONDS", "five"),
            ("JWT_AUDIENCE", ","),
            ("JWT_AUDIENCE", "app,chat-events"),
            ("JWT_USER_ID_CLAIM", "exp"),
            ("JWT_USER_ID_CLAIM", "token_type"),
        ] {
            assert_eq!(rules(&[(name, value)]), Err(name), "{value}");
        }
    }
}
