use super::Invalid;

/// FCM's registration token of an app installation. It has no `Debug`: with it, this project can send pushes to the
/// device, so it must not appear in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceToken(String);

impl DeviceToken {
    /// The longest token in characters. FCM's have about 150, without a documented limit; an index of PostgreSQL and the
    /// path of a URL take this without problems.
    pub const MAX_CHARS: usize = 1024;

    /// Checks that the value can be a token: printable ASCII without spaces.
    ///
    /// # Errors
    /// The value has other characters or is too long.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        if raw.is_empty() || !raw.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("Doit être un jeton d'appareil valide.".into());
        }
        if raw.len() > Self::MAX_CHARS {
            return Err(Invalid::too_long(Self::MAX_CHARS));
        }
        Ok(Self(raw.to_owned()))
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
    fn a_token_is_printable_and_not_too_long() {
        for good in [
            "cR1:APA91b-_x",
            "a",
            &"x".repeat(DeviceToken::MAX_CHARS),
            "a%3Ab",
        ] {
            assert!(DeviceToken::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a b",
            "é",
            "a\n",
            "a\0",
            &"x".repeat(DeviceToken::MAX_CHARS + 1),
        ] {
            assert!(DeviceToken::parse(bad).is_err(), "{bad}");
        }
    }
}
