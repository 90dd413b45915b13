//! The errors of a request, by what the caller can do about them.

use std::collections::BTreeMap;
use std::error::Error as StdError;

use serde::Serialize;

/// The result of handling a request.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Reasons by field, in Django REST Framework's form: `{"text": ["Ce champ est obligatoire."]}`.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FieldErrors(BTreeMap<&'static str, Reasons>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Reasons {
    OfField(Vec<String>),
    /// The reasons of a list's elements by index: `{"0": ["Doit être un UUID valide."]}`.
    OfElements(BTreeMap<usize, Vec<String>>),
}

impl FieldErrors {
    /// The key for reasons without a field.
    pub const NO_FIELD: &'static str = "non_field_errors";

    /// Creates an error with one reason for one field.
    pub fn one(field: &'static str, reason: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, reason);
        errors
    }

    /// Adds a reason for a field.
    pub fn add(&mut self, field: &'static str, reason: impl Into<String>) {
        let reasons = self.0.entry(field);
        match reasons.or_insert_with(|| Reasons::OfField(vec![])) {
            Reasons::OfField(reasons) => reasons.push(reason.into()),
            elements @ Reasons::OfElements(_) => *elements = Reasons::OfField(vec![reason.into()]),
        }
    }

    /// Adds a reason for one element of a list.
    pub fn add_element(&mut self, field: &'static str, index: usize, reason: impl Into<String>) {
        let reasons = self.0.entry(field);
        if let Reasons::OfElements(elements) =
            reasons.or_insert_with(|| Reasons::OfElements(BTreeMap::new()))
        {
            elements.entry(index).or_default().push(reason.into());
        }
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Why a caller is not authenticated: always 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthorized {
    /// No `Authorization` header, or another scheme than `Bearer`.
    #[error("no credentials")]
    NotAuthenticated,
    /// `Bearer` without a token, or with more than one.
    #[error("bad authorization header")]
    BadHeader,
    /// A forged, expired or malformed token.
    #[error("invalid token")]
    InvalidToken,
    /// A token of another type than `access`.
    #[error("wrong token type")]
    WrongTokenType,
    /// A valid token whose `user_id` is not a UUID.
    #[error("no user in token")]
    NoUser,
    /// The platform does not have the user.
    #[error("unknown user")]
    UserNotFound,
    /// The platform has deactivated the user.
    #[error("inactive user")]
    UserInactive,
}

impl Unauthorized {
    /// Returns the name of the reason in logs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAuthenticated => "not_authenticated",
            Self::BadHeader => "bad_authorization_header",
            Self::InvalidToken => "invalid_token",
            Self::WrongTokenType => "wrong_token_type",
            Self::NoUser => "token_without_user",
            Self::UserNotFound => "user_not_found",
            Self::UserInactive => "user_inactive",
        }
    }
}

/// A request that is invalid in itself, found before any query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// The body is not JSON: 400 with a `detail`.
    #[error("malformed body: {0}")]
    Malformed(String),
    /// Fields are missing or invalid: 400.
    #[error("invalid fields")]
    Fields(FieldErrors),
    /// The id in the path is invalid: 404.
    #[error("no such path")]
    Path,
    /// The page number is invalid: 404.
    #[error("no such page")]
    Page,
    /// The body is too large: 413.
    #[error("body too large")]
    TooLarge,
    /// The content type is not JSON: 415.
    #[error("unsupported media type {0}")]
    MediaType(String),
}

/// Everything that ends a request without success.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 401: sign in again.
    #[error(transparent)]
    Unauthorized(#[from] Unauthorized),
    /// 400, 404, 413, 415: the request itself is invalid.
    #[error(transparent)]
    BadRequest(#[from] BadRequest),
    /// 400: valid, but not allowed in the present state; found by the query.
    #[error("rejected")]
    Rejected(FieldErrors),
    /// 400: not allowed in the present state, for a reason that concerns no field.
    #[error("not now: {0}")]
    NotNow(&'static str),
    /// 403: authenticated, but not allowed.
    #[error("forbidden")]
    Forbidden,
    /// 403: the other participant has blocked the caller, or one of two users has blocked the other.
    #[error("blocked")]
    Blocked,
    /// 404: the caller has no such object.
    #[error("not found")]
    NotFound,
    /// 404: the page is out of range.
    #[error("page out of range")]
    PageNotFound,
    /// 429: retry after some seconds.
    #[error("too many requests")]
    TooManyRequests {
        /// Seconds, at least 1.
        retry_after: u64,
    },
    /// 503: this deployment does not have the feature, with the reason for the caller.
    #[error("not offered: {0}")]
    NotOffered(&'static str),
    /// 503: a required server does not respond; a retry may succeed.
    #[error("unavailable: {0}")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// 500: a bug, or an unexpected response.
    #[error("internal: {0}")]
    Internal(#[source] Box<dyn StdError + Send + Sync>),
}

impl Error {
    /// Creates a rejection that names one field.
    pub fn rejected(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Rejected(FieldErrors::one(field, reason))
    }

    /// Renames the field `from` to `to`. If a field has two names, the error thus has the one that the client sent.
    #[must_use]
    pub fn rename_field(mut self, from: &'static str, to: &'static str) -> Self {
        if let Self::Rejected(FieldErrors(errors)) = &mut self
            && let Some(reasons) = errors.remove(from)
        {
            errors.insert(to, reasons);
        }
        self
    }

    /// Returns whether a server failed, so that an operator should investigate.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Internal(_))
    }

    #[must_use]
    pub fn fields(&self) -> Option<&FieldErrors> {
        match self {
            Self::BadRequest(BadRequest::Fields(errors)) | Self::Rejected(errors) => Some(errors),
            _ => None,
        }
    }

    /// Returns the name of the error in logs. It has no value of the request.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized(reason) => reason.code(),
            Self::BadRequest(BadRequest::Malformed(_)) => "malformed_json",
            Self::BadRequest(BadRequest::Fields(_)) => "invalid_fields",
            Self::BadRequest(BadRequest::Path) => "invalid_path",
            Self::BadRequest(BadRequest::Page) => "invalid_page",
            Self::BadRequest(BadRequest::TooLarge) => "body_too_large",
            Self::BadRequest(BadRequest::MediaType(_)) => "unsupported_media_type",
            Self::Rejected(_) => "rejected_fields",
            Self::NotNow(_) => "not_now",
            Self::Forbidden => "forbidden",
            Self::Blocked => "blocked",
            Self::NotFound => "not_found",
            Self::PageNotFound => "page_out_of_range",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::NotOffered(_) => "not_configured",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// Creates an internal error.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// Creates the error for a required server that does not respond.
    pub fn unavailable(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }
}
