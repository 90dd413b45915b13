use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::process::Child;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::feed::{Feed, Handed};
use crate::{process, runtime_api};

/// One process of a function.
#[derive(Clone, Deserialize)]
pub struct EnvironmentPlan {
    /// The program and its arguments.
    command: Vec<String>,
    /// All that its environment holds.
    variables: HashMap<String, String>,
    /// Where its output goes.
    log: String,
    /// Counts its requests apart from those of others.
    group: Option<String>,
    /// Leaves so many milliseconds from one request to the next.
    every: Option<u64>,
    /// The first one comes so many milliseconds late.
    #[serde(default)]
    late: u64,
}

pub struct Environment {
    child: Child,
    state: Arc<State>,
    server: JoinHandle<()>,
}

/// What the Runtime API knows of the process.
pub struct State {
    feed: Arc<Feed>,
    group: Option<String>,
    every: Duration,
    late: Duration,
    started: Instant,
    /// Microseconds from the start to the first request for an event.
    ready_after: AtomicU64,
    handed: std::sync::Mutex<Option<Handed>>,
    extension: watch::Sender<Extension>,
    /// Whether it is told of each request.
    hears_of_requests: AtomicBool,
    /// The events that the extension has not asked for yet.
    invoked: Semaphore,
}

/// What holds the environment once its answer is out.
#[derive(Clone, Copy, PartialEq)]
enum Extension {
    Busy,
    Idle,
}

impl Environment {
    pub async fn start(plan: &EnvironmentPlan, feed: &Arc<Feed>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            feed: feed.clone(),
            group: plan.group.clone(),
            every: Duration::from_millis(plan.every.unwrap_or_default()),
            late: Duration::from_millis(plan.late),
            started: Instant::now(),
            ready_after: AtomicU64::new(0),
            handed: std::sync::Mutex::default(),
            extension: watch::Sender::new(Extension::Idle),
            hears_of_requests: AtomicBool::new(false),
            invoked: Semaphore::new(0),
        });
        let server = tokio::spawn(runtime_api::serve(listener, state.clone()));
        let child = process::spawn(&plan.command, &plan.variables, &address, &plan.log);
        Self {
            child,
            state,
            server,
        }
    }

    /// Waits, but not for a process that is no more.
    pub async fn unless_it_ends<T>(&mut self, wait: impl Future<Output = T>) -> T {
        tokio::select! {
            done = wait => done,
            status = self.child.wait() => panic!("a process ended: {status:?}"),
        }
    }

    pub fn ready_after(&self) -> Duration {
        Duration::from_micros(self.state.ready_after.load(Ordering::Relaxed))
    }

    pub fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    pub fn cpu(&self) -> Duration {
        process::cpu(self.pid())
    }

    pub fn peak_memory(&self) -> u64 {
        process::peak_memory(self.pid())
    }

    /// As Lambda does: it is asked, and killed where that does not help.
    pub async fn end(mut self) {
        process::terminate(&mut self.child).await;
        self.server.abort();
    }
}

impl State {
    /// The process asks for an event, which it gets when, on Lambda, it could: not while its extension is busy.
    pub async fn next(&self) -> (usize, String) {
        let asked = Instant::now();
        if self.ready_after.load(Ordering::Relaxed) == 0 {
            let after = (asked - self.started).as_micros();
            self.ready_after
                .store(u64::try_from(after).unwrap(), Ordering::Relaxed);
            if !self.late.is_zero() {
                tokio::time::sleep(self.late).await;
            }
        }
        let mut extension = self.extension.subscribe();
        let _ = extension.wait_for(|it| *it != Extension::Busy).await;
        let last = self.handed.lock().unwrap().take();
        if let Some(last) = last {
            self.feed.free_again(&last);
            // tokio's clock counts in milliseconds: also a time that is past would cost up to one.
            if last.at + self.every > Instant::now() {
                tokio::time::sleep_until((last.at + self.every).into()).await;
            }
        }
        let (number, event) = self.feed.next().await;
        if self.hears_of_requests.load(Ordering::Relaxed) {
            self.extension.send_replace(Extension::Busy);
            self.invoked.add_permits(1);
        }
        let group = self.group.as_deref().unwrap_or(&event.group);
        *self.handed.lock().unwrap() = Some(Handed::now(number, group));
        (number, event.event.clone())
    }

    pub fn answered(&self, answer: &[u8]) {
        let at = Instant::now();
        if let Some(handed) = self.handed.lock().unwrap().as_mut() {
            self.feed.answer(handed, at, answer);
        }
    }

    pub fn register_extension(&self, hears_of_requests: bool) {
        self.hears_of_requests
            .store(hears_of_requests, Ordering::Relaxed);
        self.extension.send_replace(Extension::Busy);
    }

    /// The extension asks for an event: it has nothing left to do.
    pub async fn next_for_extension(&self) {
        self.extension.send_if_modified(|it| {
            let waits = self.invoked.available_permits() == 0;
            *it = if waits {
                Extension::Idle
            } else {
                Extension::Busy
            };
            true
        });
        self.invoked.acquire().await.unwrap().forget();
    }
}
