use standardwebhooks::Webhook;

/// A key that signs webhooks. It has no `Debug`, so that it cannot end up in a log.
pub struct WebhookKey(Webhook);

/// Why a text is not a usable key. It never quotes the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("whsec_ and 24 to 64 bytes in Base64 were expected")]
pub struct InvalidWebhookKey;

impl WebhookKey {
    const PREFIX: &str = "whsec_";

    /// Parses a key in the form of Standard Webhooks: `whsec_` and 24 to 64 bytes in Base64.
    ///
    /// # Errors
    /// The text has another form. HMAC accepts short keys, so their length is checked here.
    pub fn parse(text: &str) -> Result<Self, InvalidWebhookKey> {
        let encoded = text.trim().strip_prefix(Self::PREFIX);
        let encoded = encoded.ok_or(InvalidWebhookKey)?;
        let bytes = encoded.trim_end_matches('=').len() * 3 / 4;
        if !(24..=64).contains(&bytes) {
            return Err(InvalidWebhookKey);
        }
        let webhook = Webhook::new(encoded).map_err(|_| InvalidWebhookKey)?;
        Ok(Self(webhook))
    }

    /// Returns the signature of a message: `v1,` and an HMAC-SHA256 in Base64.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        self.0
            .sign(id, timestamp, body.as_bytes())
            .unwrap_or_else(|_| unreachable!("a text is valid UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_whsec_and_24_to_64_bytes_in_base64() {
        for key in [
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            " whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
            &format!("whsec_{}AA==", "AAAA".repeat(21)),
        ] {
            assert_eq!(WebhookKey::parse(key).err(), None, "{key}");
        }
        for bad in [
            "",
            "whsec_",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_c2hvcnQ=",
            "whsec_not base64, and long enough to be a key",
            &format!("whsec_{}", "AAAA".repeat(22)),
        ] {
            assert_eq!(
                WebhookKey::parse(bad).err(),
                Some(InvalidWebhookKey),
                "{bad}"
            );
        }
    }

    /// The example of the specification's reference implementations.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let key = WebhookKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(
            key.sign(
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#
            ),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
