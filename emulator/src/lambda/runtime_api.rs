//! The Runtime and the Extensions API, for one environment.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html> and `runtimes-extensions-api.html`.

use std::sync::Arc;
use std::time::Instant;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::invocation::failure;
use super::{Function, PAYLOAD_LIMIT};
use crate::server::{self, json_response};

const EXTENSION_ID: &str = "lambda-extension-identifier";

#[derive(Deserialize, Default)]
struct Registration {
    #[serde(default)]
    events: Vec<String>,
}

pub(super) async fn serve(listener: TcpListener, function: Arc<Function>, id: u64) {
    server::serve(listener, move |request| {
        handle(function.clone(), id, request)
    })
    .await;
}

async fn handle(
    function: Arc<Function>,
    id: u64,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let path: Vec<&str> = head.uri.path().trim_start_matches('/').split('/').collect();
    match (&head.method, path.as_slice()) {
        (&Method::GET, ["2018-06-01", "runtime", "invocation", "next"]) => {
            let next = function.next(id);
            next_event(&function, next).await
        }
        (
            &Method::POST,
            [
                "2018-06-01",
                "runtime",
                "invocation",
                invocation,
                "response",
            ],
        ) => {
            let Ok(body) = body.collect().await else {
                return json_response(StatusCode::BAD_REQUEST, &Value::Null);
            };
            let at = Instant::now();
            let payload = body.to_bytes();
            if payload.len() > PAYLOAD_LIMIT {
                let message = format!(
                    "Response payload size exceeded maximum allowed payload size (6291456 bytes): {}",
                    payload.len()
                );
                let failed = failure("Function.ResponseSizeTooLarge", &message);
                function.complete(id, invocation, (failed, true), at);
                return json_response(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    &json!({ "errorMessage": message, "errorType": "RequestEntityTooLarge" }),
                );
            }
            accepted(function.complete(id, invocation, (payload, false), at))
        }
        (&Method::POST, ["2018-06-01", "runtime", "invocation", invocation, "error"]) => {
            let Ok(body) = body.collect().await else {
                return json_response(StatusCode::BAD_REQUEST, &Value::Null);
            };
            let failed = (body.to_bytes(), true);
            accepted(function.complete(id, invocation, failed, Instant::now()))
        }
        (&Method::POST, ["2020-01-01", "extension", "register"]) => {
            let bytes = body
                .collect()
                .await
                .map(http_body_util::Collected::to_bytes);
            let registration: Registration = bytes
                .ok()
                .and_then(|it| serde_json::from_slice(&it).ok())
                .unwrap_or_default();
            let Some(extension) = function.register_extension(id, &registration.events) else {
                return json_response(StatusCode::GONE, &Value::Null);
            };
            let registered = json!({ "functionName": function.settings.name, "functionVersion": "$LATEST", "handler": "bootstrap" });
            let mut response = json_response(StatusCode::OK, &registered);
            if let Ok(extension) = extension.parse() {
                response.headers_mut().insert(EXTENSION_ID, extension);
            }
            response
        }
        (&Method::GET, ["2020-01-01", "extension", "event", "next"]) => {
            let extension = head
                .headers
                .get(EXTENSION_ID)
                .and_then(|it| it.to_str().ok());
            let next = function.next_for_extension(id, extension.unwrap_or_default());
            match next {
                Some(next) => match next.await {
                    Ok(event) => json_response(StatusCode::OK, &event),
                    Err(_) => json_response(StatusCode::GONE, &Value::Null),
                },
                None => json_response(
                    StatusCode::FORBIDDEN,
                    &json!({ "errorType": "Extension.UnknownExtensionIdentifier" }),
                ),
            }
        }
        // The process reports that it cannot start, or that an extension failed, and exits. Its log has the cause.
        (
            &Method::POST,
            ["2018-06-01", "runtime", "init", "error"]
            | ["2020-01-01", "extension", "init" | "exit", "error"],
        ) => accepted(true),
        _ => json_response(
            StatusCode::NOT_FOUND,
            &json!({ "errorMessage": "no such resource" }),
        ),
    }
}

async fn next_event(
    function: &Function,
    next: Option<tokio::sync::oneshot::Receiver<super::environment::Handed>>,
) -> Response<Full<Bytes>> {
    let Some(Ok(handed)) = (match next {
        Some(next) => Some(next.await),
        None => None,
    }) else {
        return json_response(StatusCode::GONE, &Value::Null);
    };
    let invocation = handed.invocation;
    let _ = invocation.received.set(Instant::now());
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &invocation.id)
        .header("lambda-runtime-deadline-ms", handed.deadline_ms.to_string())
        .header(
            "lambda-runtime-invoked-function-arn",
            function.settings.arn(),
        )
        .header("lambda-runtime-trace-id", &invocation.trace_id)
        .body(Full::from(invocation.event.clone()));
    response.unwrap_or_default()
}

fn accepted(is_known: bool) -> Response<Full<Bytes>> {
    if is_known {
        json_response(StatusCode::ACCEPTED, &json!({ "status": "OK" }))
    } else {
        json_response(
            StatusCode::BAD_REQUEST,
            &json!({ "errorMessage": "no such invocation", "errorType": "InvalidRequestID" }),
        )
    }
}
