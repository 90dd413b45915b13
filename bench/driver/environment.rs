use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use emulator::lambda::{FunctionSettings, Lambda, Ready, Shutdown};
use serde::Deserialize;
use tokio::task::JoinHandle;

use crate::feed::Feed;
use crate::process;

const NAME: &str = "bench";
/// No environment may be stopped for being slow: Firebase may be slow here, and so is valgrind.
const LONG: Duration = Duration::from_mins(10);
/// Under valgrind, a process takes long to exit.
const END_PATIENCE: Duration = Duration::from_secs(10);

/// One process of a function.
#[derive(Clone, Deserialize)]
pub struct EnvironmentPlan {
    /// The program and its arguments.
    command: Vec<String>,
    /// All that its environment holds.
    variables: HashMap<String, String>,
    /// Where its output goes.
    log: PathBuf,
    /// The group under which its requests are counted.
    group: Option<String>,
    /// The interval between two requests, in milliseconds.
    every: Option<u64>,
    /// The delay of the first request, in milliseconds.
    #[serde(default)]
    late: u64,
}

/// An environment with its own function, and a client that sends it requests in a closed loop.
pub struct Environment {
    lambda: Arc<Lambda>,
    ready: Ready,
    client: JoinHandle<()>,
}

impl Environment {
    pub async fn start(plan: &EnvironmentPlan, feed: &Arc<Feed>) -> Self {
        let lambda = Arc::new(Lambda::new([FunctionSettings {
            variables: plan.variables.clone(),
            timeout: LONG,
            init_timeout: LONG,
            max_environments: 1,
            shutdown: Shutdown::Graceful(END_PATIENCE),
            // If the process exits during the run, the bench fails.
            notice: Arc::new(|words| panic!("{words}")),
            ..FunctionSettings::new(NAME, plan.command.clone(), plan.log.clone())
        }]));
        let function = lambda.function(NAME).unwrap();
        let ready = function
            .start()
            .await
            .unwrap_or_else(|words| panic!("{words}"));
        let client = tokio::spawn(client(lambda.clone(), plan.clone(), feed.clone()));
        Self {
            lambda,
            ready,
            client,
        }
    }

    pub fn ready_after(&self) -> Duration {
        self.ready.after
    }

    pub fn pid(&self) -> u32 {
        self.ready.pid
    }

    pub fn cpu(&self) -> Duration {
        process::cpu(self.pid())
    }

    pub fn peak_memory(&self) -> u64 {
        process::peak_memory(self.pid())
    }

    pub fn busy_seconds(&self) -> f64 {
        self.lambda.function(NAME).unwrap().totals().busy_seconds
    }

    pub async fn end(self) {
        self.client.abort();
        self.lambda.stop(END_PATIENCE).await;
    }
}

/// Sends the next request when the environment is idle. On Lambda it could not take a request earlier.
async fn client(lambda: Arc<Lambda>, plan: EnvironmentPlan, feed: Arc<Feed>) {
    let every = Duration::from_millis(plan.every.unwrap_or_default());
    if plan.late > 0 {
        tokio::time::sleep(Duration::from_millis(plan.late)).await;
    }
    loop {
        let (number, event) = feed.next().await;
        let group = plan.group.as_deref().unwrap_or(&event.group);
        let completed = lambda.invoke(NAME, event.event.clone()).await.unwrap();
        let (received, answered) = (completed.received, completed.answered);
        assert!(
            !completed.is_error,
            "request {number}: {}",
            String::from_utf8_lossy(&completed.payload)
        );
        feed.answer((number, group), answered - received, &completed.payload);
        if let Some(idle) = completed.until_idle().await {
            feed.idle_after(idle - answered);
        }
        // tokio's clock has a resolution of a millisecond: even a time in the past can cost up to one.
        if received + every > Instant::now() {
            tokio::time::sleep_until((received + every).into()).await;
        }
    }
}
