use std::collections::BTreeMap;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use crate::template::{GatewayResponse, Template, UNKNOWN_PATHS};

/// The gateway's own responses, from the template.
pub struct OwnResponses {
    gateway_responses: BTreeMap<String, GatewayResponse>,
    mock_responses: BTreeMap<String, GatewayResponse>,
    cors_headers: Vec<(String, String)>,
}

/// Why a request gets no response of a function.
#[derive(Clone, Copy)]
pub enum OwnResponse {
    BadRequest,
    /// The body is too large for the gateway or for Lambda.
    TooLarge,
    /// The function failed, or its response is malformed.
    BadGateway,
    /// Lambda accepts no more invocations of the function.
    Throttled,
    /// The function exceeds the integration timeout.
    TimedOut,
    /// API Gateway has no such resource or method.
    Unknown,
}

/// The properties of a request that a response may contain.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub request_id: &'a str,
    pub method: &'a str,
}

impl OwnResponse {
    /// Returns the gateway response's type, its fallback type, and API Gateway's default status.
    const fn kind(self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::BadRequest => ("BAD_REQUEST_BODY", "DEFAULT_4XX", StatusCode::BAD_REQUEST),
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
            Self::Unknown => (
                "MISSING_AUTHENTICATION_TOKEN",
                "DEFAULT_4XX",
                StatusCode::FORBIDDEN,
            ),
        }
    }
}

impl OwnResponses {
    /// Copies the responses of the template.
    #[must_use]
    pub fn new(template: &Template) -> Self {
        Self {
            gateway_responses: template.gateway_responses.clone(),
            mock_responses: template.mock_responses.clone(),
            cors_headers: template.cors_headers.clone(),
        }
    }

    #[must_use]
    pub fn of(&self, kind: OwnResponse, context: Context<'_>) -> Response<Full<Bytes>> {
        let (name, default, status) = kind.kind();
        let found = self.gateway_responses.get(name);
        match found.or_else(|| self.gateway_responses.get(default)) {
            Some(found) => response_of(found, status, context),
            None => response_of(&GatewayResponse::default(), status, context),
        }
    }

    /// Returns the response to a method that the resource lacks.
    #[must_use]
    pub fn unknown_method(&self, resource: &str, context: Context<'_>) -> Response<Full<Bytes>> {
        match self.mock_responses.get(resource) {
            Some(mock) => response_of(mock, StatusCode::OK, context),
            None => self.of(OwnResponse::Unknown, context),
        }
    }

    /// Returns the response to an unknown path.
    #[must_use]
    pub fn unknown_path(&self, path: &str, context: Context<'_>) -> Response<Full<Bytes>> {
        // `{proxy+}` matches one or more segments.
        let resource = if path == "/" { path } else { UNKNOWN_PATHS };
        self.unknown_method(resource, context)
    }

    /// Returns the response to a CORS preflight request.
    #[must_use]
    pub fn preflight(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::default());
        insert_all(&mut response, &self.cors_headers, "");
        response
    }
}

fn response_of(
    own: &GatewayResponse,
    default: StatusCode,
    context: Context<'_>,
) -> Response<Full<Bytes>> {
    let body = own.body.replace("$context.httpMethod", context.method);
    let mut response = Response::new(Full::from(body));
    let status = own.status.and_then(|it| StatusCode::from_u16(it).ok());
    *response.status_mut() = status.unwrap_or(default);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    insert_all(&mut response, &own.headers, context.request_id);
    response
}

fn insert_all(
    response: &mut Response<Full<Bytes>>,
    headers: &[(String, String)],
    request_id: &str,
) {
    for (name, value) in headers {
        let value = if value == "context.requestId" {
            request_id
        } else {
            value
        };
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
}
