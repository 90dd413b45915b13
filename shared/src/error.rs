//! What can go wrong, by what the caller may do about it.

use std::collections::BTreeMap;
use std::error::Error as StdError;

use serde::Serialize;

/// The result of everything that can fail on the way to an answer.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Reasons by field, in the form of Django REST Framework: `{"text": ["Ce champ est obligatoire."]}`.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FieldErrors(BTreeMap<&'static str, Reasons>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Reasons {
    OfField(Vec<String>),
    /// Of a list, by the index of the element: `{"0": ["Doit être un UUID valide."]}`.
    OfElements(BTreeMap<usize, Vec<String>>),
}

impl FieldErrors {
    /// The key under which stands what concerns no field in particular.
    pub const NO_FIELD: &'static str = "non_field_errors";

    /// One reason for one field.
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

    /// The names of the fields.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
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

impl Unauthorized {
    /// Its name in a log.
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

    /// The same error with the field `from` under the name `to`: of a field that has two names, the one that was sent.
    #[must_use]
    pub fn rename_field(mut self, from: &'static str, to: &'static str) -> Self {
        if let Self::Refused(FieldErrors(errors)) = &mut self
            && let Some(reasons) = errors.remove(from)
        {
            errors.insert(to, reasons);
        }
        self
    }

    /// Whether somebody has to look into it: the server failed, or one that it needs.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Internal(_))
    }

    /// The fields that it names.
    #[must_use]
    pub fn fields(&self) -> Option<&FieldErrors> {
        match self {
            Self::BadRequest(BadRequest::Fields(errors)) | Self::Refused(errors) => Some(errors),
            _ => None,
        }
    }

    /// Its name in a log. It has no value of the request's.
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
            Self::Refused(_) => "rejected_fields",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::PageNotFound => "page_out_of_range",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::NotOffered(_) => "not_configured",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
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
