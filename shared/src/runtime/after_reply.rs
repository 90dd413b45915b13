use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use tracing::Instrument;

use super::StartError;
use super::extension::Extension;

/// Runs work after the response has been sent.
///
/// Lambda freezes an environment when the response is sent *and* every extension has asked for its next event. The work
/// is therefore started before the response is returned, and an extension in the same process stays busy until all work
/// is done. Where nothing freezes (the local stack, several requests at once), the work runs in the same way.
#[derive(Default)]
pub struct AfterReply {
    progress: Arc<watch::Sender<Progress>>,
    /// Lambda may freeze the environment during the work.
    is_cut_short: AtomicBool,
}

#[derive(Debug, Default, Clone, Copy)]
struct Progress {
    /// Requests that the extension was notified of.
    invoked: u64,
    /// Requests with a response.
    answered: u64,
    /// Unfinished tasks.
    outstanding: u64,
}

impl AfterReply {
    /// Starts a task. Call it before returning the response.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        debug_assert!(
            !self.is_cut_short.load(Ordering::Relaxed),
            "a function with work after the reply is run by serve_with_after_reply, or serve_with_cache"
        );
        let guard = Outstanding::new(self.progress.clone());
        let work = async move {
            work.await;
            drop(guard);
        };
        // Its log lines get the request's id.
        tokio::spawn(work.in_current_span());
    }

    /// Records that a request has its response and that all its tasks have been started.
    pub(super) fn answered(&self) {
        self.progress.send_modify(|progress| progress.answered += 1);
    }

    /// Waits until all tasks are done.
    pub async fn idle(&self) {
        let mut progress = self.progress.subscribe();
        // The sender lives in `self`, so that waiting cannot fail.
        let _ = progress
            .wait_for(|progress| progress.outstanding == 0)
            .await;
    }

    /// Registers the extension. This must happen before the runtime asks for its first request. If `is_work` is true,
    /// the extension receives the INVOKE events. Without events the extension still has a use: Lambda sends SIGTERM
    /// only if one is registered.
    ///
    /// # Errors
    /// The Extensions API does not respond.
    pub(super) async fn register(&'static self, is_work: bool) -> Result<(), StartError> {
        self.is_cut_short.store(!is_work, Ordering::Relaxed);
        let events: &[&str] = if is_work { &["INVOKE"] } else { &[] };
        let extension = Extension::register("after-reply", events).await?;
        // Without its extension, each later invocation would last until the time-out. Lambda replaces an environment
        // whose process ends.
        tokio::spawn(async move {
            let error = loop {
                match extension.next().await {
                    Ok(invoke) => self.stay_busy(until(invoke.deadline_ms)).await,
                    Err(error) => break error,
                }
            };
            tracing::error!(error, "extension ended");
            std::process::exit(1);
        });
        Ok(())
    }

    /// Returns when this request has its response and all tasks are done, at the latest after `limit`: a request that
    /// never reaches the handler must not block the environment.
    async fn stay_busy(&self, limit: Duration) {
        let mut progress = self.progress.subscribe();
        self.progress.send_modify(|progress| progress.invoked += 1);
        let done = progress.wait_for(|it| it.answered >= it.invoked && it.outstanding == 0);
        if tokio::time::timeout(limit, done).await.is_err() {
            self.progress.send_modify(|progress| {
                progress.answered = progress.answered.max(progress.invoked);
            });
        }
    }
}

/// Returns the time until a deadline in milliseconds since 1970. `cargo lambda watch` sends a past deadline; then the
/// longest time that a request takes is used.
fn until(deadline_ms: u64) -> Duration {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    match Duration::from_millis(deadline_ms).checked_sub(now) {
        Some(left) => left.saturating_sub(Duration::from_millis(100)),
        None => Duration::from_secs(30),
    }
}

/// Counts a task while it lives, even if it panics.
struct Outstanding(Arc<watch::Sender<Progress>>);

impl Outstanding {
    fn new(progress: Arc<watch::Sender<Progress>>) -> Self {
        progress.send_modify(|progress| progress.outstanding += 1);
        Self(progress)
    }
}

impl Drop for Outstanding {
    fn drop(&mut self) {
        self.0.send_modify(|progress| progress.outstanding -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    const LONG: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn the_extension_is_busy_until_the_response_and_its_work_are_done() {
        let after_reply = AfterReply::default();
        let (finish, finished) = oneshot::channel::<()>();
        after_reply.spawn(async move { finished.await.unwrap() });
        let busy = after_reply.stay_busy(LONG);
        tokio::pin!(busy);
        assert!(
            futures_poll(&mut busy).await.is_pending(),
            "the request is not answered yet"
        );
        after_reply.answered();
        assert!(
            futures_poll(&mut busy).await.is_pending(),
            "the work is not done yet"
        );
        finish.send(()).unwrap();
        busy.await;
    }

    #[tokio::test]
    async fn a_response_without_work_releases_the_extension_even_before_its_event() {
        let after_reply = AfterReply::default();
        after_reply.answered();
        after_reply.stay_busy(LONG).await;
    }

    #[tokio::test]
    async fn panicked_work_is_no_longer_outstanding() {
        let after_reply = AfterReply::default();
        after_reply.spawn(async { panic!("the work panics") });
        after_reply.answered();
        after_reply.stay_busy(LONG).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_never_reaches_the_handler_does_not_block_the_environment() {
        let after_reply = AfterReply::default();
        after_reply.stay_busy(Duration::from_secs(1)).await;
        after_reply.answered();
        after_reply.stay_busy(LONG).await;
    }

    async fn futures_poll<F: Future + Unpin>(future: &mut F) -> std::task::Poll<F::Output> {
        tokio::task::yield_now().await;
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context))
        })
        .await
    }
}
