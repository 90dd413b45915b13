//! Retries a function's start within an event, for functions that must respond even if the start fails.

use std::future::Future;
use std::io::ErrorKind;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep, timeout_at};

use super::StartError;
use crate::db;
use crate::secret::SecretError;

/// The deadline of an event.
#[derive(Debug, Clone, Copy)]
pub struct TimeLeft(Instant);

impl TimeLeft {
    /// The time left if the deadline is in the past (`cargo lambda watch` sends 1970).
    const DEFAULT: Duration = Duration::from_mins(1);

    pub(super) fn of(context: &lambda_runtime::Context) -> Self {
        let left = context.deadline().duration_since(SystemTime::now());
        Self::new(left.unwrap_or(Self::DEFAULT))
    }

    /// Returns a deadline after `left`.
    #[must_use]
    pub fn new(left: Duration) -> Self {
        Self(Instant::now() + left)
    }

    /// Returns the time `reserve` before the deadline.
    #[must_use]
    pub fn before_end(self, reserve: Duration) -> Instant {
        self.0.checked_sub(reserve).unwrap_or(self.0)
    }
}

/// Repeats `start` until it succeeds, fails permanently, or `until` has passed.
///
/// # Errors
/// The error of the last attempt.
pub async fn retry_start<T, F>(until: Instant, start: impl Fn() -> F) -> Result<T, StartError>
where
    F: Future<Output = Result<T, StartError>>,
{
    const DELAY: Duration = Duration::from_secs(2);
    const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
    loop {
        let attempt_end = until.min(Instant::now() + ATTEMPT_TIMEOUT);
        let attempt = timeout_at(attempt_end, start()).await.unwrap_or_else(|_| {
            let silence = "the connection is accepted, but nothing is sent on it";
            Err(std::io::Error::new(ErrorKind::TimedOut, silence).into())
        });
        match attempt {
            Err(error) if is_transient(&*error) && Instant::now() + DELAY < until => {
                tracing::warn!(reason = db::describe(&*error), "retrying start");
                sleep(DELAY).await;
            }
            result => return result,
        }
    }
}

fn is_transient(error: &(dyn std::error::Error + 'static)) -> bool {
    match error.downcast_ref::<SecretError>() {
        Some(error) => error.is_transient(),
        None => db::is_transient(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Runs starts with these outcomes in order. Returns the last result and the number of attempts.
    async fn start(outcomes: &[Result<(), &str>]) -> (Result<(), String>, usize) {
        let attempts = Cell::new(0);
        let until = Instant::now() + Duration::from_mins(1);
        let outcome = retry_start(until, async || {
            let outcome = outcomes[attempts.get().min(outcomes.len() - 1)];
            attempts.set(attempts.get() + 1);
            outcome.map_err(|code| SecretError::Rejected(code.to_owned()).into())
        });
        let outcome = outcome.await.map_err(|error| error.to_string());
        (outcome, attempts.get())
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_role_policy_is_retried() {
        let late = Err("AccessDeniedException");
        assert_eq!(start(&[late, late, Ok(())]).await, (Ok(()), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_denied_secret_fails_after_a_minute() {
        let began = Instant::now();
        let (outcome, attempts) = start(&[Err("AccessDeniedException")]).await;
        assert!(outcome.unwrap_err().contains("AccessDeniedException"));
        assert!(attempts > 20, "{attempts}");
        assert!(began.elapsed() < Duration::from_mins(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_server_does_not_block_the_start() {
        let began = Instant::now();
        let until = began + Duration::from_mins(1);
        let outcome = retry_start(until, std::future::pending::<Result<(), _>>).await;
        assert!(outcome.unwrap_err().to_string().contains("nothing is sent"));
        assert!(began.elapsed() <= Duration::from_mins(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_missing_secret_is_not_retried() {
        let (outcome, attempts) = start(&[Err("ResourceNotFoundException")]).await;
        assert!(outcome.unwrap_err().contains("ChatSecretArn"));
        assert_eq!(attempts, 1);
    }
}
