//! Starts a function, and passes each request to its handler and the response back.
//!
//! Knows nothing of any single endpoint. Handlers are in `functions/`.

mod after_reply;
mod app;
mod caller;
mod deployment;
mod extension;
mod get_or_compute;
mod request_log;
mod serve;
mod start;

pub use after_reply::AfterReply;
pub use app::App;
pub use caller::Caller;
pub use deployment::DeploymentStep;
pub use serve::{
    answer, serve, serve_event, serve_event_before_start, serve_with_after_reply, serve_with_cache,
};
pub use start::{TimeLeft, retry_start};

/// Why a function cannot start.
pub type StartError = lambda_http::Error;
