use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::{Deserialize, Serialize};

use crate::crypto;

/// A service account's key, as Google's console hands it out (of its JSON what is needed here).
#[derive(Clone, Deserialize)]
pub struct ServiceAccount {
    /// Whose it is: pushes are sent for this project.
    pub project_id: String,
    /// Who signs.
    pub client_email: String,
    /// Where a signed assertion is exchanged for an access token.
    #[serde(default = "ServiceAccount::google")]
    pub token_uri: String,
    private_key: String,
}

impl ServiceAccount {
    fn google() -> String {
        "https://oauth2.googleapis.com/token".to_owned()
    }

    /// Signs claims with RS256.
    ///
    /// # Errors
    /// The key is no RSA key in PEM. The error does not repeat it.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, jsonwebtoken::errors::Error> {
        crypto::install();
        let key = EncodingKey::from_rsa_pem(self.private_key.as_bytes())?;
        encode(&Header::new(Algorithm::RS256), claims, &key)
    }
}

/// Seconds since 1970, as tokens count.
pub(super) fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
