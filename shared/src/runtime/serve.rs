use std::convert::Infallible;
use std::future::Future;
use std::time::{Duration, Instant};

use lambda_http::{Body, Response};
use lambda_runtime::LambdaEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};
use tracing::Instrument;

use super::caller::authenticate_request;
use super::{App, Caller, StartError, TimeLeft, request_log};
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::http::{ApiResponse, Envelope, Request, into_response};

/// Runs an endpoint without work after the reply: one request at a time on classic Lambda, several if
/// `AWS_LAMBDA_MAX_CONCURRENCY` is set.
///
/// # Errors
/// The function cannot start, or the runtime API is gone.
pub async fn serve<H, C, F>(handler: H) -> Result<(), StartError>
where
    H: Fn(&'static App, C, Request) -> F + Copy + Send + Sync + 'static,
    C: Caller,
    F: Future<Output = Result<ApiResponse>> + Send + 'static,
{
    run(
        start(Settings::ENDPOINT_CONNECT_TIMEOUT).await?,
        handler,
        false,
    )
    .await
}

/// Runs an endpoint whose responses are cached. If there is no cache, it does the same as [`serve`].
///
/// # Errors
/// As [`serve`].
pub async fn serve_with_cache<H, C, F>(handler: H) -> Result<(), StartError>
where
    H: Fn(&'static App, C, Request) -> F + Copy + Send + Sync + 'static,
    C: Caller,
    F: Future<Output = Result<ApiResponse>> + Send + 'static,
{
    let app = start(Settings::ENDPOINT_CONNECT_TIMEOUT).await?;
    run(app, handler, app.cache.is_some()).await
}

/// Runs an endpoint with work after its reply. The extension that keeps the environment awake for it costs one more
/// event and response per request.
///
/// # Errors
/// As [`serve`].
pub async fn serve_with_after_reply<H, C, F>(handler: H) -> Result<(), StartError>
where
    H: Fn(&'static App, C, Request) -> F + Copy + Send + Sync + 'static,
    C: Caller,
    F: Future<Output = Result<ApiResponse>> + Send + 'static,
{
    run(
        start(Settings::ENDPOINT_CONNECT_TIMEOUT).await?,
        handler,
        true,
    )
    .await
}

async fn start(connect_timeout: Duration) -> Result<&'static App, StartError> {
    request_log::init();
    App::start(connect_timeout)
        .await
        .inspect_err(|error| tracing::error!(%error, "start failed"))
}

async fn run<H, C, F>(
    app: &'static App,
    handler: H,
    works_after_reply: bool,
) -> Result<(), StartError>
where
    H: Fn(&'static App, C, Request) -> F + Copy + Send + Sync + 'static,
    C: Caller,
    F: Future<Output = Result<ApiResponse>> + Send + 'static,
{
    if freezes() {
        app.after_reply.register(works_after_reply).await?;
    }
    tokio::spawn(app.database.warm_up());
    tokio::spawn(end_on_sigterm(app));
    lambda_http::run_concurrent(lambda_http::service_fn(
        move |request: lambda_http::Request| async move {
            let response = answer(app, handler, request).await;
            app.after_reply.answered();
            Ok::<_, Infallible>(response)
        },
    ))
    .await
}

/// Runs a function that a schedule, a deployment or an operator invokes. The event is parsed as `E`.
///
/// # Errors
/// The function cannot start, or the runtime API is gone.
pub async fn serve_event<H, F, E, T>(job: H) -> Result<(), StartError>
where
    H: Fn(&'static App, E) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Result<T, StartError>> + Send + 'static,
    E: for<'de> Deserialize<'de> + Send + 'static,
    T: Serialize + Send + Sync + 'static,
{
    let app = start(Settings::SCHEDULE_CONNECT_TIMEOUT).await?;
    lambda_runtime::run(lambda_runtime::service_fn(move |event: LambdaEvent<E>| {
        let context = &event.context;
        let span = request_log::span(&context.request_id, &context.env_config.function_name);
        job(app, event.payload).instrument(span)
    }))
    .await
}

/// Runs a function that handles its event before it reads settings and secret, so that it can respond if these are
/// invalid.
///
/// # Errors
/// The runtime API is gone.
pub async fn serve_event_before_start<H, F, T>(job: H) -> Result<(), StartError>
where
    H: Fn(Value, TimeLeft) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Result<T, StartError>> + Send + 'static,
    T: Serialize + Send + Sync + 'static,
{
    request_log::init();
    lambda_runtime::run(lambda_runtime::service_fn(
        move |event: LambdaEvent<Value>| job(event.payload, TimeLeft::of(&event.context)),
    ))
    .await
}

/// Handles one request: authenticates the caller, calls the handler, and returns and logs the response. Every log line
/// of the request, including its work after the reply, has the request's id.
pub async fn answer<H, C, F>(
    app: &'static App,
    handler: H,
    request: lambda_http::Request,
) -> Response<Body>
where
    H: Fn(&'static App, C, Request) -> F,
    C: Caller,
    F: Future<Output = Result<ApiResponse>>,
{
    let started = Instant::now();
    let request = Request::from(request);
    let (request_id, is_head) = (request.id(), request.is_head());
    let span = request_log::span(&request_id, request.function_name());
    async {
        let result = handle(app, handler, request).await;
        let envelope = Envelope {
            request_id: &request_id,
            is_head,
            cors_origin: app.cors_origin.as_ref(),
        };
        request_log::write(&result, started.elapsed());
        into_response(result, &envelope)
    }
    .instrument(span)
    .await
}

async fn handle<H, C, F>(app: &'static App, handler: H, request: Request) -> Result<ApiResponse>
where
    H: Fn(&'static App, C, Request) -> F,
    C: Caller,
    F: Future<Output = Result<ApiResponse>>,
{
    let caller: C = authenticate_request(request.headers(), &app.token_rules, &app.secrets).await?;
    match handler(app, caller, request).await {
        // The database has not been queried yet. Return 401 for an unknown user before reporting a bad request.
        Err(bad @ Error::BadRequest(_)) => {
            caller.require(&app.database).await?;
            Err(bad)
        }
        result => result,
    }
}

/// Finishes the work after the response when the environment ends. Lambda sends SIGTERM, and SIGKILL 500 ms later; the
/// sweep delivers what remains.
async fn end_on_sigterm(app: &'static App) {
    const GRACE: Duration = Duration::from_millis(400);
    let Ok(mut sigterm) = signal(SignalKind::terminate()) else {
        return;
    };
    sigterm.recv().await;
    let finished = tokio::time::timeout(GRACE, app.after_reply.idle())
        .await
        .is_ok();
    tracing::info!(finished, "environment shutting down");
    std::process::exit(0);
}

/// Returns whether Lambda freezes the environment after a response. An environment that serves several requests at once
/// is not frozen and gets no INVOKE events.
fn freezes() -> bool {
    std::env::var("AWS_LAMBDA_MAX_CONCURRENCY").is_err()
}
