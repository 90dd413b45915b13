use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_extension::{Extension, LambdaEvent, NextEvent, service_fn};
use tokio::sync::watch;
use tracing::Instrument;

use super::StartError;

/// Work that is done once the answer is out.
///
/// Lambda freezes an environment when the answer is sent *and* every extension has asked for its next event. So the
/// work is started when the answer is made, and an extension inside this very process stays busy until none is
/// left. Where there is no freezing (the local stack, several requests at once), the work runs all the same.
#[derive(Default)]
pub struct AfterReply {
    progress: Arc<watch::Sender<Progress>>,
    /// Lambda may freeze the environment whatever is outstanding.
    is_cut_short: AtomicBool,
}

#[derive(Debug, Default, Clone, Copy)]
struct Progress {
    /// Requests that the extension was told of.
    invoked: u64,
    /// Requests that were answered.
    answered: u64,
    /// Pieces of work that are not done yet.
    outstanding: u64,
}

impl AfterReply {
    /// Starts a piece of work. Call it before the answer is returned.
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
        // Its log lines bear the request's id.
        tokio::spawn(work.in_current_span());
    }

    /// Notes that a request was answered, and that all its work has been started.
    pub(super) fn answered(&self) {
        self.progress.send_modify(|progress| progress.answered += 1);
    }

    /// Waits until no work is left.
    pub async fn idle(&self) {
        let mut progress = self.progress.subscribe();
        // The sender lives in `self`.
        let _ = progress
            .wait_for(|progress| progress.outstanding == 0)
            .await;
    }

    /// Registers the extension, which has to be done before the runtime asks for its first request. Where there
    /// `is_work` it hears of every request; else of none, and is there because Lambda ends no environment with SIGTERM
    /// that has no extension.
    ///
    /// # Errors
    /// The Extensions API does not answer.
    pub(super) async fn register(&'static self, is_work: bool) -> Result<(), StartError> {
        self.is_cut_short.store(!is_work, Ordering::Relaxed);
        let events: &[&str] = if is_work { &["INVOKE"] } else { &[] };
        let extension = Extension::new()
            .with_extension_name("after-reply")
            .with_events(events)
            .with_events_processor(service_fn(move |event: LambdaEvent| async move {
                if let NextEvent::Invoke(invoke) = event.next {
                    self.stay_busy(until(invoke.deadline_ms)).await;
                }
                Ok::<_, std::convert::Infallible>(())
            }))
            .register()
            .await?;
        // Without its extension the environment would be held until the time-out of each later invocation. Lambda
        // replaces an environment whose process ends.
        tokio::spawn(async move {
            let error = extension.run().await.err();
            tracing::error!(error, "extension ended");
            std::process::exit(1);
        });
        Ok(())
    }

    /// Returns once this request is answered and no work is left, and at the latest after `limit`. A request that
    /// never reached the handler must not hold the environment for ever.
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

/// The time left until a deadline in milliseconds since 1970. `cargo lambda watch` gives one long past; then a
/// request of ours has what the longest of them takes.
fn until(deadline_ms: u64) -> Duration {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    match Duration::from_millis(deadline_ms).checked_sub(now) {
        Some(left) => left.saturating_sub(Duration::from_millis(100)),
        None => Duration::from_secs(30),
    }
}

/// Counts a piece of work for as long as it lives, also where it panics.
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
    async fn it_is_busy_until_the_answer_and_its_work_are_done() {
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
    async fn an_answer_without_work_releases_it_also_when_it_came_before_the_event() {
        let after_reply = AfterReply::default();
        after_reply.answered();
        after_reply.stay_busy(LONG).await;
    }

    #[tokio::test]
    async fn work_that_panics_is_no_longer_outstanding() {
        let after_reply = AfterReply::default();
        after_reply.spawn(async { panic!("the work panics") });
        after_reply.answered();
        after_reply.stay_busy(LONG).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_never_reached_the_handler_does_not_hold_the_environment() {
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
