/// The languages of the quick replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    #[default]
    French,
    English,
}

impl Language {
    /// Returns the language that an `Accept-Language` header (RFC 9110) prefers; French if it names neither.
    #[must_use]
    pub fn preferred(accept_language: &str) -> Self {
        let mut best = (Self::default(), 0.0);
        for range in accept_language.split(',') {
            let mut parts = range.split(';');
            let Some(language) = parts.next().and_then(Self::of_tag) else {
                continue;
            };
            let weight = parts.find_map(|part| part.trim().strip_prefix("q="));
            let weight = weight.map_or(Ok(1.0), str::parse::<f32>).unwrap_or(0.0);
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }

    /// Reads a language tag such as `fr` or `en-GB`; `None` for other languages.
    fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?;
        if primary.eq_ignore_ascii_case("fr") {
            Some(Self::French)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::English)
        } else {
            None
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_language_with_the_highest_weight_is_preferred() {
        for (header, expected) in [
            ("", "fr"),
            ("*", "fr"),
            ("de, wo;q=0.5", "fr"),
            ("en", "en"),
            ("EN-gb", "en"),
            ("en_US", "en"),
            ("fr-CI, en;q=0.9", "fr"),
            ("fr;q=0.8,en-GB;q=0.9", "en"),
            ("de, en;q=0.1", "en"),
            ("en, fr", "en"),
            ("en;q=0, fr;q=0.1", "fr"),
            ("en;q=x", "fr"),
            ("en ; q=0.5 , fr ; q=0.4", "en"),
            ("english", "fr"),
        ] {
            assert_eq!(Language::preferred(header).as_str(), expected, "{header}");
        }
    }
}
