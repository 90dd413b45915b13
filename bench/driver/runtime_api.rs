//! The Runtime and the Extensions API, for one environment.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html> and `runtimes-extensions-api.html`.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::environment::State;

/// API Gateway's limit.
const TIME: Duration = Duration::from_secs(29);
const ARN: &str = "arn:aws:lambda:eu-west-3:000000000000:function:bench";
const REGISTERED: &str =
    r#"{"functionName":"bench","functionVersion":"$LATEST","handler":"bootstrap"}"#;

pub async fn serve(listener: TcpListener, state: Arc<State>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let state = state.clone();
        let service = service_fn(move |request| handle(state.clone(), request));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection);
    }
}

async fn handle(
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    Ok(if path.ends_with("/invocation/next") {
        let (number, event) = state.next().await;
        let builder = Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", format!("request-{number}"))
            .header("lambda-runtime-deadline-ms", deadline_ms())
            .header("lambda-runtime-invoked-function-arn", ARN);
        builder.body(Full::from(event)).unwrap()
    } else if path.ends_with("/response") {
        let bytes = body.collect().await.unwrap().to_bytes();
        state.answered(&bytes);
        let builder = Response::builder().status(StatusCode::ACCEPTED);
        builder.body(Full::from(r#"{"status":"OK"}"#)).unwrap()
    } else if path.ends_with("/extension/register") {
        let bytes = body.collect().await.unwrap().to_bytes();
        state.register_extension(bytes.windows(6).any(|it| it == b"INVOKE"));
        let builder = Response::builder().header("lambda-extension-identifier", "after-reply");
        builder.body(Full::from(REGISTERED)).unwrap()
    } else if path.ends_with("/extension/event/next") {
        state.next_for_extension().await;
        Response::new(Full::from(invoke_event()))
    } else {
        let bytes = body.collect().await.unwrap().to_bytes();
        panic!("{path}: {}", String::from_utf8_lossy(&bytes));
    })
}

fn invoke_event() -> String {
    serde_json::json!({
        "eventType": "INVOKE", "deadlineMs": deadline_ms(), "requestId": "request", "invokedFunctionArn": ARN,
        "tracing": { "type": "X-Amzn-Trace-Id", "value": "Root=1-0" },
    })
    .to_string()
}

fn deadline_ms() -> u64 {
    let deadline = SystemTime::now() + TIME;
    let since = deadline.duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}
