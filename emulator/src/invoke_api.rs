//! Lambda's Invoke API, and the admin API of the emulator.
//!
//! - `POST /2015-03-31/functions/NAME/invocations`: as on Lambda, for `cargo lambda invoke`, the AWS CLI and SDKs.
//! - `GET /_emulator/functions`: the environments of each function, and its counts.
//! - `POST /_emulator/functions/NAME/replace`: replaces the running processes with the current binary.
//! - `POST /_emulator/functions/NAME/kill`: kills one process; `?which=0.5` selects it.

use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::lambda::{Completed, Function, InvokeError, Lambda};
use crate::server::json_response;

/// Returns whether a path belongs to this API and not to the gateway's routes.
#[must_use]
pub fn serves(path: &str) -> bool {
    path.starts_with("/2015-03-31/") || path.starts_with("/_emulator/")
}

/// Handles one request.
pub async fn handle(lambda: Arc<Lambda>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let path: Vec<&str> = head.uri.path().trim_matches('/').split('/').collect();
    match (&head.method, path.as_slice()) {
        (&Method::POST, ["2015-03-31", "functions", name, "invocations"]) => {
            let Ok(body) = body.collect().await else {
                return error(
                    "InvalidRequestContentException",
                    StatusCode::BAD_REQUEST,
                    "the body ended early",
                );
            };
            invoke(lambda, name, &head, body.to_bytes()).await
        }
        (&Method::GET, ["_emulator", "functions"]) => {
            let functions: Map<String, Value> = lambda
                .functions()
                .map(|it| (it.settings.name.clone(), state_of(it)))
                .collect();
            json_response(StatusCode::OK, &functions.into())
        }
        (
            &Method::POST,
            [
                "_emulator",
                "functions",
                name,
                action @ ("replace" | "kill"),
            ],
        ) => {
            let Some(function) = lambda.function(name) else {
                return not_found(name);
            };
            let done = if *action == "kill" {
                function
                    .kill(which(&head))
                    .then_some(())
                    .ok_or_else(|| "no process runs".to_owned())
            } else {
                function.replace().await
            };
            match done {
                Ok(()) => json_response(StatusCode::OK, &state_of(function)),
                Err(message) => json_response(StatusCode::CONFLICT, &json!({ "message": message })),
            }
        }
        _ => error(
            "UnknownOperationException",
            StatusCode::NOT_FOUND,
            "no such operation",
        ),
    }
}

async fn invoke(
    lambda: Arc<Lambda>,
    name: &str,
    head: &Parts,
    event: Bytes,
) -> Response<Full<Bytes>> {
    let is_asynchronous = head
        .headers
        .get("x-amz-invocation-type")
        .is_some_and(|it| it == "Event");
    if is_asynchronous {
        if lambda.function(name).is_none() {
            return not_found(name);
        }
        let name = name.to_owned();
        // Lambda queues and retries such events; the emulator tries them once.
        tokio::spawn(async move { lambda.invoke(&name, event).await.map(drop) });
        return json_response(StatusCode::ACCEPTED, &Value::Null);
    }
    match lambda.invoke(name, event).await {
        Ok(Completed {
            payload, is_error, ..
        }) => {
            let mut response = Response::new(Full::from(payload));
            let headers = response.headers_mut();
            headers.insert("content-type", HeaderValue::from_static("application/json"));
            headers.insert(
                "x-amz-executed-version",
                HeaderValue::from_static("$LATEST"),
            );
            if is_error {
                headers.insert(
                    "x-amz-function-error",
                    HeaderValue::from_static("Unhandled"),
                );
            }
            response
        }
        Err(InvokeError::NotFound) => not_found(name),
        Err(reason @ InvokeError::TooLarge(_)) => error(
            "RequestTooLargeException",
            StatusCode::PAYLOAD_TOO_LARGE,
            &reason.to_string(),
        ),
        Err(InvokeError::Throttled) => {
            let body = json!({ "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "Type": "User", "message": "Rate Exceeded." });
            named(
                "TooManyRequestsException",
                json_response(StatusCode::TOO_MANY_REQUESTS, &body),
            )
        }
    }
}

fn state_of(function: &Arc<Function>) -> Value {
    json!({ "environments": function.environments(), "totals": function.totals() })
}

fn which(head: &Parts) -> f64 {
    let query = head.uri.query().unwrap_or_default();
    query
        .strip_prefix("which=")
        .and_then(|it| it.parse().ok())
        .unwrap_or(0.0)
}

fn not_found(name: &str) -> Response<Full<Bytes>> {
    let message = format!("Function not found: {name}");
    error("ResourceNotFoundException", StatusCode::NOT_FOUND, &message)
}

fn error(kind: &'static str, status: StatusCode, message: &str) -> Response<Full<Bytes>> {
    named(
        kind,
        json_response(status, &json!({ "Type": "User", "Message": message })),
    )
}

fn named(kind: &'static str, mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    response
        .headers_mut()
        .insert("x-amzn-errortype", HeaderValue::from_static(kind));
    response
}
