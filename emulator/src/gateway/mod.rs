//! API Gateway: turns HTTP requests into the events of a REST API, and answers by itself what reaches no function.

mod event;
mod own_response;
mod routes;

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::encodings::Body;
use aws_lambda_events::event::apigw::ApiGatewayProxyResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_LENGTH, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use uuid::Uuid;

pub use event::{Origin, event_of};
pub use own_response::{OwnResponse, OwnResponses};
pub use routes::{Resource, Routes};

use crate::lambda::{InvokeError, Lambda};
use crate::server::Peer;
use crate::template::Template;

/// The largest body that API Gateway takes.
const BODY_LIMIT: usize = 10 * 1024 * 1024;
/// The longest that API Gateway waits for a function.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

/// The local gateway.
pub struct Gateway {
    lambda: Arc<Lambda>,
    routes: Routes,
    responses: OwnResponses,
}

/// A response, and what the access log says of it.
pub struct Answered {
    /// The response.
    pub response: Response<Full<Bytes>>,
    /// The resource, never the path: a path may hold the token of a device. `-` if there is none.
    pub resource: String,
    /// The gateway's id of the request.
    pub request_id: String,
}

impl Gateway {
    /// Serves the routes of a template.
    #[must_use]
    pub fn new(lambda: Arc<Lambda>, template: &Template) -> Self {
        Self {
            lambda,
            routes: Routes::new(&template.routes),
            responses: OwnResponses::new(template),
        }
    }

    /// Answers one request.
    pub async fn handle(&self, request: Request<Incoming>) -> Answered {
        let request_id = Uuid::new_v4().to_string();
        let (head, body) = request.into_parts();
        let (resource, mut response) = match self.routes.find(head.uri.path()) {
            None => ("-".to_owned(), self.responses.of(OwnResponse::NotFound)),
            Some((resource, _)) if head.method == Method::OPTIONS => {
                (resource.path.clone(), self.responses.preflight())
            }
            Some((resource, parameters)) => {
                let peer = head.extensions.get::<Peer>().copied();
                let origin = Origin {
                    request_id: &request_id,
                    resource: &resource.path,
                    parameters,
                    source_ip: peer.map_or_else(|| [127, 0, 0, 1].into(), |it| it.0),
                };
                let response = self.integrate(resource, &head, body, origin).await;
                (resource.path.clone(), response)
            }
        };
        if head.method == Method::HEAD {
            without_body(&mut response);
        }
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("x-amzn-requestid", id);
        }
        Answered {
            response,
            resource,
            request_id,
        }
    }

    async fn integrate(
        &self,
        resource: &Resource,
        head: &Parts,
        body: Incoming,
        origin: Origin<'_>,
    ) -> Response<Full<Bytes>> {
        let Some(function) = resource.function(head.method.as_str()) else {
            let mut response = self.responses.method_not_allowed(head.method.as_str());
            if let Ok(allow) = HeaderValue::from_str(&resource.allow()) {
                response.headers_mut().insert(ALLOW, allow);
            }
            return response;
        };
        let body = match Limited::new(body, BODY_LIMIT).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return self.responses.of(OwnResponse::TooLarge);
            }
            Err(_) => return self.responses.of(OwnResponse::BadRequest),
        };
        let Ok(event) = event_of(head, &body, origin) else {
            return self.responses.of(OwnResponse::BadRequest);
        };
        let invocation = self.lambda.invoke(function, event);
        match tokio::time::timeout(INTEGRATION_TIMEOUT, invocation).await {
            Err(_) => self.responses.of(OwnResponse::TimedOut),
            Ok(Err(InvokeError::TooLarge(_))) => self.responses.of(OwnResponse::TooLarge),
            // API Gateway takes Lambda's 429 for a failed integration.
            Ok(Err(InvokeError::Throttled)) => self.responses.of(OwnResponse::Throttled),
            Ok(Err(InvokeError::NotFound)) => self.responses.of(OwnResponse::BadGateway),
            Ok(Ok(completed)) if completed.is_error => self.responses.of(OwnResponse::BadGateway),
            Ok(Ok(completed)) => response_of(&completed.payload)
                .unwrap_or_else(|| self.responses.of(OwnResponse::BadGateway)),
        }
    }
}

/// The HTTP response that a function's response stands for. `None` if it is malformed.
fn response_of(payload: &[u8]) -> Option<Response<Full<Bytes>>> {
    let answer: ApiGatewayProxyResponse = serde_json::from_slice(payload).ok()?;
    let body = match answer.body {
        Some(Body::Text(text)) if answer.is_base64_encoded => STANDARD.decode(text).ok()?.into(),
        Some(Body::Text(text)) => Bytes::from(text),
        Some(Body::Binary(bytes)) => Bytes::from(bytes),
        _ => Bytes::new(),
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = StatusCode::from_u16(u16::try_from(answer.status_code).ok()?).ok()?;
    let headers = response.headers_mut();
    headers.extend(answer.headers);
    for name in answer.multi_value_headers.keys() {
        headers.remove(name);
    }
    headers.extend(answer.multi_value_headers);
    Some(response)
}

fn without_body(response: &mut Response<Full<Bytes>>) {
    use hyper::body::Body as _;
    let length = response.body().size_hint().exact().unwrap_or_default();
    response.headers_mut().insert(CONTENT_LENGTH, length.into());
    *response.body_mut() = Full::default();
}

/// Adds headers whose names and values are text; the last one of a name counts.
fn insert_all(response: &mut Response<Full<Bytes>>, headers: &[(String, String)]) {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
}
