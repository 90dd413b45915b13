use serde::Serialize;
use uuid::Uuid;

use super::ServiceAccount;
use super::service_account::unix_seconds;

/// A token that a client exchanges for a Firebase session (`signInWithCustomToken`).
#[derive(Debug, Serialize)]
pub struct CustomToken {
    pub token: String,
    /// How long it may be exchanged, in seconds. The session lasts longer.
    pub expires_in: u64,
}

/// Signs a custom token for a user, whose id becomes `auth.uid` in the rules. It has no claims: a room's node names its
/// readers.
///
/// Source: firebase.google.com/docs/auth/admin/create-custom-tokens, "using a third-party JWT library".
///
/// # Errors
/// The service account's key is invalid.
pub fn custom_token(
    account: &ServiceAccount,
    uid: Uuid,
) -> Result<CustomToken, jsonwebtoken::errors::Error> {
    const AUDIENCE: &str =
        "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit";
    const LIFE: u64 = 3600;

    #[derive(Serialize)]
    struct Claims<'a> {
        iss: &'a str,
        sub: &'a str,
        aud: &'a str,
        uid: Uuid,
        iat: u64,
        exp: u64,
    }

    let now = unix_seconds();
    let email = account.client_email.as_str();
    let claims = Claims {
        iss: email,
        sub: email,
        aud: AUDIENCE,
        uid,
        iat: now,
        exp: now + LIFE,
    };
    Ok(CustomToken {
        token: account.sign(&claims)?,
        expires_in: LIFE,
    })
}
