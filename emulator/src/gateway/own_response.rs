use std::collections::BTreeMap;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::json;

use super::insert_all;
use crate::template::{GatewayResponse, Template};

/// What the gateway answers by itself. Texts, headers and most statuses are the template's.
pub struct OwnResponses {
    responses: BTreeMap<String, GatewayResponse>,
    cors_headers: Vec<(String, String)>,
}

/// Why a request reaches no function, or a function gives no response.
#[derive(Clone, Copy)]
pub enum OwnResponse {
    /// The request is malformed.
    BadRequest,
    /// No resource has that path.
    NotFound,
    /// The body is too large for the gateway or for Lambda.
    TooLarge,
    /// The function has failed, or its response is malformed.
    BadGateway,
    /// Lambda takes no more invocations of the function.
    Throttled,
    /// The function takes too long.
    TimedOut,
}

impl OwnResponse {
    /// The template's name of it, what stands in for that, and the gateway's own status.
    const fn kind(self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::BadRequest => ("BAD_REQUEST_BODY", "DEFAULT_4XX", StatusCode::BAD_REQUEST),
            Self::NotFound => (
                "MISSING_AUTHENTICATION_TOKEN",
                "DEFAULT_4XX",
                StatusCode::FORBIDDEN,
            ),
            Self::TooLarge => (
                "REQUEST_TOO_LARGE",
                "DEFAULT_4XX",
                StatusCode::PAYLOAD_TOO_LARGE,
            ),
            Self::BadGateway => ("DEFAULT_5XX", "DEFAULT_5XX", StatusCode::BAD_GATEWAY),
            Self::Throttled => (
                "INTEGRATION_FAILURE",
                "DEFAULT_5XX",
                StatusCode::GATEWAY_TIMEOUT,
            ),
            Self::TimedOut => (
                "INTEGRATION_TIMEOUT",
                "DEFAULT_5XX",
                StatusCode::GATEWAY_TIMEOUT,
            ),
        }
    }
}

impl OwnResponses {
    /// Takes over what the template says.
    #[must_use]
    pub fn new(template: &Template) -> Self {
        Self {
            responses: template.gateway_responses.clone(),
            cors_headers: template.cors_headers.clone(),
        }
    }

    /// Returns the response of that kind.
    #[must_use]
    pub fn of(&self, kind: OwnResponse) -> Response<Full<Bytes>> {
        let (name, default, status) = kind.kind();
        let found = self
            .responses
            .get(name)
            .or_else(|| self.responses.get(default));
        let GatewayResponse {
            status: own,
            headers,
            body,
        } = found.cloned().unwrap_or_default();
        let mut response = Response::new(Full::from(body));
        *response.status_mut() = own
            .and_then(|it| StatusCode::from_u16(it).ok())
            .unwrap_or(status);
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        insert_all(&mut response, &headers);
        response
    }

    /// Returns 405. The caller adds `Allow`.
    #[must_use]
    pub fn method_not_allowed(&self, method: &str) -> Response<Full<Bytes>> {
        let mut response = self.of(OwnResponse::BadRequest);
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        let detail = json!({ "detail": format!("Méthode « {method} » non autorisée.") });
        *response.body_mut() = Full::from(detail.to_string());
        response
    }

    /// Returns the answer to a browser that asks whether a page of another origin may send a request.
    #[must_use]
    pub fn preflight(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::default());
        insert_all(&mut response, &self.cors_headers);
        response
    }
}
