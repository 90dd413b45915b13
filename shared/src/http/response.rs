use lambda_http::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, CONTENT_TYPE,
    HeaderName, RETRY_AFTER, WWW_AUTHENTICATE,
};
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Response};
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::{BadRequest, Error, Result, Unauthorized};

/// A successful response of a handler.
#[derive(Debug)]
pub struct ApiResponse {
    status: StatusCode,
    body: String,
}

impl ApiResponse {
    /// Returns 200 with a body.
    ///
    /// # Errors
    /// The body cannot be serialised.
    pub fn ok(body: &impl Serialize) -> Result<Self> {
        Self::new(StatusCode::OK, body)
    }

    /// Returns 201 with a body if something was created, 200 if it existed.
    ///
    /// # Errors
    /// The body cannot be serialised.
    pub fn created(created: bool, body: &impl Serialize) -> Result<Self> {
        Self::new(
            if created {
                StatusCode::CREATED
            } else {
                StatusCode::OK
            },
            body,
        )
    }

    /// Returns 202 with a body: the work goes on.
    ///
    /// # Errors
    /// The body cannot be serialised.
    pub fn accepted(body: &impl Serialize) -> Result<Self> {
        Self::new(StatusCode::ACCEPTED, body)
    }

    /// Returns 200 with a cached body.
    #[must_use]
    pub fn cached(body: String) -> Self {
        let status = StatusCode::OK;
        Self { status, body }
    }

    /// Returns 204 without a body.
    #[must_use]
    pub fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: String::new(),
        }
    }

    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    fn new(status: StatusCode, body: &impl Serialize) -> Result<Self> {
        Ok(Self {
            status,
            body: serde_json::to_string(body).map_err(Error::internal)?,
        })
    }
}

/// The parts of a response that do not depend on the handler.
#[derive(Debug)]
pub struct Envelope<'a> {
    /// The value of `x-request-id`.
    pub request_id: &'a str,
    /// For HEAD, the body is omitted.
    pub is_head: bool,
    /// The origin whose pages may read it. Behind a REST API, the function sets this header.
    pub cors_origin: Option<&'a HeaderValue>,
}

/// Returns the status of the response.
pub fn status_of(result: &Result<ApiResponse>) -> StatusCode {
    match result {
        Ok(answer) => answer.status,
        Err(error) => describe(error).0,
    }
}

/// Builds the HTTP response. The body of a 5xx has no details.
pub fn into_response(result: Result<ApiResponse>, envelope: &Envelope<'_>) -> Response<Body> {
    let mut response = match result {
        Ok(ApiResponse { status, body }) => respond(status, body, None),
        Err(error) => {
            let (status, body, header) = describe(&error);
            respond(status, body.to_string(), header)
        }
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::try_from(envelope.request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    if let Some(origin) = envelope.cors_origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("x-request-id, retry-after"),
        );
    }
    if envelope.is_head {
        *response.body_mut() = Body::Empty;
    }
    response
}

fn respond(
    status: StatusCode,
    body: String,
    header: Option<(HeaderName, HeaderValue)>,
) -> Response<Body> {
    let has_body = status != StatusCode::NO_CONTENT;
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if has_body {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Some((name, value)) = header {
        headers.insert(name, value);
    }
    response
}

/// Returns status, body and header of an error. The texts are those of Django REST Framework and simplejwt, in French.
fn describe(error: &Error) -> (StatusCode, Value, Option<(HeaderName, HeaderValue)>) {
    let detail = |text: &str| json!({ "detail": text });
    match error {
        Error::Unauthorized(reason) => (
            StatusCode::UNAUTHORIZED,
            unauthorized(*reason),
            Some((
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"api\""),
            )),
        ),
        Error::BadRequest(BadRequest::Malformed(place)) => (
            StatusCode::BAD_REQUEST,
            detail(&format!("Erreur d'analyse JSON : {place}.")),
            None,
        ),
        Error::BadRequest(BadRequest::Fields(errors)) | Error::Rejected(errors) => {
            (StatusCode::BAD_REQUEST, json!(errors), None)
        }
        Error::NotNow(reason) => (StatusCode::BAD_REQUEST, detail(reason), None),
        Error::Forbidden => (
            StatusCode::FORBIDDEN,
            detail("Vous n'avez pas la permission d'effectuer cette action."),
            None,
        ),
        Error::Blocked => (
            StatusCode::FORBIDDEN,
            detail("Vous ne pouvez pas écrire à cette personne."),
            None,
        ),
        Error::BadRequest(BadRequest::Path) | Error::NotFound => {
            (StatusCode::NOT_FOUND, detail("Pas trouvé."), None)
        }
        Error::BadRequest(BadRequest::Page) | Error::PageNotFound => {
            (StatusCode::NOT_FOUND, detail("Page invalide."), None)
        }
        Error::BadRequest(BadRequest::TooLarge) => (
            StatusCode::PAYLOAD_TOO_LARGE,
            detail("Le corps de la requête est trop volumineux."),
            None,
        ),
        Error::BadRequest(BadRequest::MediaType(media_type)) => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            detail(&format!("Type de média « {media_type} » non supporté.")),
            None,
        ),
        Error::TooManyRequests { retry_after } => {
            let plural = if *retry_after > 1 { "s" } else { "" };
            (
                StatusCode::TOO_MANY_REQUESTS,
                detail(&format!(
                    "Requête ralentie. Disponible à nouveau dans {retry_after} seconde{plural}."
                )),
                Some((RETRY_AFTER, HeaderValue::from(*retry_after))),
            )
        }
        Error::NotOffered(reason) => (StatusCode::SERVICE_UNAVAILABLE, detail(reason), None),
        Error::Unavailable(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            detail("Service momentanément indisponible."),
            Some((RETRY_AFTER, HeaderValue::from_static("1"))),
        ),
        Error::Internal(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            detail("Une erreur du serveur est survenue."),
            None,
        ),
    }
}

fn unauthorized(reason: Unauthorized) -> Value {
    let invalid = |message: &str| {
        json!({
            "detail": "Le type de jeton fourni n'est pas valide",
            "code": "token_not_valid",
            "messages": [{ "token_class": "AccessToken", "token_type": "access", "message": message }],
        })
    };
    let failed = |code: &str, detail: &str| json!({ "detail": detail, "code": code });
    match reason {
        Unauthorized::NotAuthenticated => failed(
            "not_authenticated",
            "Informations d'authentification non fournies.",
        ),
        Unauthorized::BadHeader => failed(
            "bad_authorization_header",
            "L'en-tête 'Authorization' doit contenir deux valeurs séparées par des espaces",
        ),
        Unauthorized::InvalidToken => invalid("Le jeton est invalide ou expiré"),
        Unauthorized::WrongTokenType => invalid("Le jeton a un type erroné"),
        Unauthorized::NoUser => failed(
            "token_not_valid",
            "Le jeton ne contient aucune information permettant d'identifier l'utilisateur",
        ),
        Unauthorized::UserNotFound => failed("user_not_found", "L'utilisateur n'a pas été trouvé"),
        Unauthorized::UserInactive => failed("user_inactive", "L'utilisateur est désactivé"),
    }
}
