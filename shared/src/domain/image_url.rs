use url::Url;

use super::Invalid;

/// The URL of a photo: absolute, https, at most [`ImageUrl::MAX_CHARS`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageUrl(String);

impl ImageUrl {
    /// The longest URL in characters.
    pub const MAX_CHARS: usize = 2048;

    /// Trims and checks a URL.
    ///
    /// # Errors
    /// The value is blank, too long, has white space or control characters, or is not an https URL with a host.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let trimmed = raw.trim();
        if trimmed.is_empty() {
            return Err("Ce champ ne peut être vide.".into());
        }
        if trimmed.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(Invalid::too_long(Self::MAX_CHARS));
        }
        // The parser would repair these silently, but the stored value must be the checked one.
        if trimmed
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '\\')
        {
            return Err("Saisissez une URL valide.".into());
        }
        match Url::parse(trimmed) {
            Ok(url) if url.scheme() == "https" && url.has_host() => Ok(Self(trimmed.to_owned())),
            Ok(_) => Err("Saisissez une URL valide commençant par https://.".into()),
            Err(_) => Err("Saisissez une URL valide.".into()),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_https_url_is_not_changed() {
        let url = "https://res.cloudinary.com/demo/image/upload/é.jpg?x=1";
        assert_eq!(ImageUrl::parse(url).unwrap().as_str(), url);
    }

    #[test]
    fn anything_else_is_rejected() {
        for raw in [
            "",
            "http://a.ci/x.jpg",
            "https://",
            "javascript:alert(1)",
            "https://a b",
            "//a.ci/x",
            "https://a\\b",
        ] {
            assert!(ImageUrl::parse(raw).is_err(), "{raw}");
        }
        assert!(ImageUrl::parse(&format!("https://a.ci/{}", "x".repeat(2048))).is_err());
    }
}
