use std::fmt;
use std::sync::OnceLock;
use std::time::Instant;

use hyper::body::Bytes;
use serde_json::json;
use tokio::sync::oneshot;
use uuid::Uuid;

/// An event on its way to a function.
pub(super) struct Invocation {
    pub id: String,
    pub trace_id: String,
    pub event: Bytes,
    /// When the process received the event.
    pub received: OnceLock<Instant>,
}

impl Invocation {
    pub fn new(event: Bytes) -> Self {
        let id = Uuid::new_v4();
        let hex = id.simple().to_string();
        Self {
            id: id.to_string(),
            trace_id: format!("Root=1-{}-{};Sampled=0", &hex[..8], &hex[8..]),
            event,
            received: OnceLock::new(),
        }
    }
}

/// An invocation that reached the function, with its outcome.
pub struct Completed {
    /// The response, or a JSON object with `errorType` and `errorMessage`.
    pub payload: Bytes,
    /// Whether the function failed (`X-Amz-Function-Error: Unhandled`).
    pub is_error: bool,
    /// When the process received the event.
    pub received: Instant,
    /// When its response was complete.
    pub answered: Instant,
    idle: oneshot::Receiver<Instant>,
}

impl Completed {
    /// Waits until the extensions are idle and the environment can take another invocation; returns the time. Returns
    /// `None` if the process ends before.
    pub async fn until_idle(self) -> Option<Instant> {
        self.idle.await.ok()
    }
}

/// Why an invocation did not reach the function.
#[derive(Debug, PartialEq, Eq)]
pub enum InvokeError {
    NotFound,
    /// The event has this many bytes.
    TooLarge(usize),
    /// The function uses all of its reserved concurrency.
    Throttled,
}

impl fmt::Display for InvokeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => formatter.write_str("no such function"),
            Self::TooLarge(bytes) => write!(formatter, "the event has {bytes} bytes"),
            Self::Throttled => formatter.write_str("rate exceeded"),
        }
    }
}

/// Returns the response for a function that failed without a response.
pub(super) fn failure(kind: &str, message: &str) -> Bytes {
    json!({ "errorType": kind, "errorMessage": message })
        .to_string()
        .into()
}

/// An invocation that an environment has received, or that waits for one.
pub(super) struct Pending {
    pub invocation: std::sync::Arc<Invocation>,
    caller: Option<oneshot::Sender<Completed>>,
    idle: oneshot::Sender<Instant>,
    idle_receiver: Option<oneshot::Receiver<Instant>>,
}

impl Pending {
    pub fn new(event: Bytes) -> (Self, oneshot::Receiver<Completed>) {
        let (caller, completed) = oneshot::channel();
        let (idle, idle_receiver) = oneshot::channel();
        let pending = Self {
            invocation: std::sync::Arc::new(Invocation::new(event)),
            caller: Some(caller),
            idle,
            idle_receiver: Some(idle_receiver),
        };
        (pending, completed)
    }

    /// Returns whether the caller no longer waits for the response.
    pub fn is_abandoned(&self) -> bool {
        self.caller.as_ref().is_none_or(oneshot::Sender::is_closed)
    }

    pub fn is_answered(&self) -> bool {
        self.caller.is_none()
    }

    /// Sends the response to the caller. Only the first response counts.
    pub fn complete(&mut self, payload: Bytes, is_error: bool, answered: Instant) {
        let (Some(caller), Some(idle)) = (self.caller.take(), self.idle_receiver.take()) else {
            return;
        };
        let received = self.invocation.received.get().copied();
        // The caller may have disconnected.
        let _ = caller.send(Completed {
            payload,
            is_error,
            received: received.unwrap_or(answered),
            answered,
            idle,
        });
    }

    pub fn became_idle(self, at: Instant) {
        let _ = self.idle.send(at);
    }
}
