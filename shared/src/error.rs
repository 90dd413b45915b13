//! What can go wrong, by what the caller may do about it.

use std::collections::BTreeMap;
use std::error::Error as StdError;

use serde::Serialize;

/// The result of everything that can fail on the way to an answer.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Reasons by field, as Django REST Framework answers them: `{"text": ["Ce champ est obligatoire."]}`.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FieldErrors(BTreeMap<&'static str, Vec<String>>);

impl FieldErrors {
    /// The key under which stands what concerns no field in particular.
    pub const NO_FIELD: &'static str = "non_field_errors";

    /// One reason for one field.
    pub fn one(field: &'static str, reason: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, reason);
        errors
    }

    /// Adds a reason.
    pub fn add(&mut self, field: &'static str, reason: impl Into<String>) {
        self.0.entry(field).or_default().push(reason.into());
    }

    /// Whether nothing was wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Why a caller is not (or no longer) known: always 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthorized {
    /// No `Authorization` header, or another scheme than `Bearer`.
    #[error("no credentials")]
    NotAuthenticated,
    /// `Bearer` with no token, or with more than one.
    #[error("bad authorization header")]
    BadHeader,
    /// A token that is forged, expired or malformed.
    #[error("invalid token")]
    InvalidToken,
    /// A token of another kind than `access`.
    #[error("wrong token type")]
    WrongTokenType,
    /// A good token whose `user_id` names nobody.
    #[error("no user in token")]
    NoUser,
    /// A user that the platform does not have.
    #[error("unknown user")]
    UserNotFound,
    /// A user that the platform has switched off.
    #[error("inactive user")]
    UserInactive,
}

/// A request that could not be understood: found before anything was asked of the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// The body is no JSON: 400 with a `detail`.
    #[error("malformed body: {0}")]
    Malformed(String),
    /// Fields that are missing or wrong: 400.
    #[error("invalid fields")]
    Fields(FieldErrors),
    /// A path whose id is none: 404.
    #[error("no such path")]
    Path,
    /// A page number that is none: 404.
    #[error("no such page")]
    Page,
    /// A body over the limit: 413.
    #[error("body too large")]
    TooLarge,
    /// A body that does not claim to be JSON: 415.
    #[error("unsupported media type {0}")]
    MediaType(String),
}

/// Everything that ends a request early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 401: sign in again.
    #[error(transparent)]
    Unauthorized(#[from] Unauthorized),
    /// 400, 404, 413, 415: send something else.
    #[error(transparent)]
    BadRequest(#[from] BadRequest),
    /// 400: understood, but against the rules as the data stand; found by the query itself.
    #[error("refused")]
    Refused(FieldErrors),
    /// 403: known, and not allowed to.
    #[error("forbidden")]
    Forbidden,
    /// 404: there is no such thing for this caller.
    #[error("not found")]
    NotFound,
    /// 404: the list is shorter.
    #[error("page out of range")]
    PageNotFound,
    /// 429: try again in so many seconds.
    #[error("too many requests")]
    TooManyRequests {
        /// Seconds, at least 1.
        retry_after: u64,
    },
    /// 503: this deployment has no such thing; why, as the caller is told.
    #[error("not offered: {0}")]
    NotOffered(&'static str),
    /// 503: try again; a server that is needed does not answer.
    #[error("unavailable: {0}")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// 500: ours to mend.
    #[error("internal: {0}")]
    Internal(#[source] Box<dyn StdError + Send + Sync>),
}

impl Error {
    /// A refusal that names one field.
    pub fn refused(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Refused(FieldErrors::one(field, reason))
    }

    /// A fault of ours, or of a server's answer.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// A server that is needed and does not answer.
    pub fn unavailable(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }
}
