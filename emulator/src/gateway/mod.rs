//! API Gateway: turns HTTP requests into the events of a REST API, and responds itself if no function is reached.

mod event;
mod own_response;
mod routes;

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::encodings::Body;
use aws_lambda_events::event::apigw::ApiGatewayProxyResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use uuid::Uuid;

pub use event::{Origin, event_of};
pub use own_response::{Context, OwnResponse, OwnResponses};
pub use routes::{Resource, Routes};

use crate::lambda::{InvokeError, Lambda};
use crate::server::Peer;
use crate::template::Template;

/// The largest body that API Gateway accepts.
const BODY_LIMIT: usize = 10 * 1024 * 1024;
/// The longest time that API Gateway waits for a function.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

pub struct Gateway {
    lambda: Arc<Lambda>,
    routes: Routes,
    responses: OwnResponses,
}

/// A response with the fields for the access log.
pub struct Answered {
    pub response: Response<Full<Bytes>>,
    /// The resource, or `-` if there is none. Not the path, because a path may contain a device token.
    pub resource: String,
    pub request_id: String,
}

impl Gateway {
    /// Creates a gateway for the routes of a template.
    #[must_use]
    pub fn new(lambda: Arc<Lambda>, template: &Template) -> Self {
        Self {
            lambda,
            routes: Routes::new(&template.routes),
            responses: OwnResponses::new(template),
        }
    }

    /// Handles one request.
    pub async fn handle(&self, request: Request<Incoming>) -> Answered {
        let request_id = Uuid::new_v4().to_string();
        let (head, body) = request.into_parts();
        let context = Context {
            request_id: &request_id,
            method: head.method.as_str(),
        };
        let found = self.routes.find(head.uri.path());
        let resource = found
            .as_ref()
            .map_or("-", |(resource, _)| resource.path.as_str())
            .to_owned();
        let mut response = match found {
            _ if head.method == Method::OPTIONS => self.responses.preflight(),
            None => self.responses.unknown_path(head.uri.path(), context),
            Some((resource, parameters)) => {
                let peer = head.extensions.get::<Peer>().copied();
                let origin = Origin {
                    request_id: &request_id,
                    resource: &resource.path,
                    parameters,
                    source_ip: peer.map_or_else(|| [127, 0, 0, 1].into(), |it| it.0),
                };
                match resource.function(context.method) {
                    Some(function) => self
                        .integrate(function, (&head, body), origin)
                        .await
                        .unwrap_or_else(|kind| self.responses.of(kind, context)),
                    None => self.responses.unknown_method(&resource.path, context),
                }
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
        function: &str,
        (head, body): (&Parts, Incoming),
        origin: Origin<'_>,
    ) -> Result<Response<Full<Bytes>>, OwnResponse> {
        let body = read(body).await?;
        let event = event_of(head, &body, origin).map_err(|_| OwnResponse::BadRequest)?;
        let invocation = self.lambda.invoke(function, event);
        match tokio::time::timeout(INTEGRATION_TIMEOUT, invocation).await {
            Err(_) => Err(OwnResponse::TimedOut),
            Ok(Err(InvokeError::TooLarge(_))) => Err(OwnResponse::TooLarge),
            // API Gateway treats Lambda's 429 as a failed integration.
            Ok(Err(InvokeError::Throttled)) => Err(OwnResponse::Throttled),
            Ok(Err(InvokeError::NotFound)) => Err(OwnResponse::BadGateway),
            Ok(Ok(completed)) if completed.is_error => Err(OwnResponse::BadGateway),
            Ok(Ok(completed)) => response_of(&completed.payload).ok_or(OwnResponse::BadGateway),
        }
    }
}

/// Reads the whole body, even if it is too large: a client that is still sending would not read the response.
async fn read(mut body: Incoming) -> Result<Bytes, OwnResponse> {
    let (mut bytes, mut size) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| OwnResponse::BadRequest)?;
        let data = frame.into_data().unwrap_or_default();
        size += data.len();
        if size <= BODY_LIMIT {
            bytes.extend_from_slice(&data);
        }
    }
    if size > BODY_LIMIT {
        return Err(OwnResponse::TooLarge);
    }
    Ok(bytes.into())
}

/// Converts a function's response to HTTP. Returns `None` if it is malformed.
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
