use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};

use super::environment::{Environment, Handed, Ready, Status};
use super::invocation::{Completed, InvokeError, Pending, failure};
use super::process::{self, Ended};
use super::{FunctionSettings, PAYLOAD_LIMIT};

/// One function: its environments and its queue of invocations.
pub struct Function {
    pub settings: FunctionSettings,
    state: Mutex<State>,
    /// The number of environments with a running process.
    count: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    next_id: u64,
    environments: Vec<Environment>,
    line: VecDeque<Pending>,
    totals: Totals,
}

/// Counts of a function since its start.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Totals {
    /// Invocations that an environment received.
    pub invocations: u64,
    /// Invocations that were throttled.
    pub throttles: u64,
    /// Processes that were started.
    pub starts: u64,
    /// Seconds during which environments were occupied, from an event until the extensions are idle.
    pub busy_seconds: f64,
}

impl Function {
    pub(super) fn new(settings: FunctionSettings) -> Arc<Self> {
        Arc::new(Self {
            settings,
            state: Mutex::default(),
            count: watch::Sender::new(0),
        })
    }

    /// Starts an environment before an invocation needs it.
    ///
    /// # Errors
    /// If the process cannot start, or ends before it requests an event. The text has the end of its log.
    pub async fn start(self: &Arc<Self>) -> Result<Ready, String> {
        let ready = self.start_environment(&mut self.lock(), false);
        ready.await.unwrap_or_else(|_| Err("stopped".to_owned()))
    }

    /// Invokes the function, as [`super::Lambda::invoke`] does.
    pub(super) async fn invoke(self: &Arc<Self>, event: Bytes) -> Result<Completed, InvokeError> {
        if event.len() > PAYLOAD_LIMIT {
            return Err(InvokeError::TooLarge(event.len()));
        }
        let (pending, completed) = Pending::new(event);
        {
            let mut state = self.lock();
            state.line.retain(|it| !it.is_abandoned());
            if let Some(limit) = self.settings.reserved_concurrency
                && state.concurrency() >= limit
            {
                state.totals.throttles += 1;
                return Err(InvokeError::Throttled);
            }
            state.line.push_back(pending);
            self.dispatch(&mut state);
        }
        // The sender is dropped only when the emulator stops.
        completed.await.map_err(|_| InvokeError::Throttled)
    }

    /// Starts a process from the current binary, and ends the old ones once they are idle. If the new process cannot
    /// start, the old ones continue.
    ///
    /// # Errors
    /// Those of [`Function::start`].
    pub async fn replace(self: &Arc<Self>) -> Result<(), String> {
        let first_new = self.lock().next_id;
        self.start().await?;
        let mut state = self.lock();
        for environment in &mut state.environments {
            if environment.id < first_new {
                environment.drain();
            }
        }
        Ok(())
    }

    /// Kills one of its processes with SIGKILL; `which`, from 0 to 1, selects it. Returns whether one was running.
    pub fn kill(&self, which: f64) -> bool {
        let mut state = self.lock();
        let count = state.environments.len();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index, and the cast saturates"
        )]
        let index = (which * count as f64) as usize;
        match state
            .environments
            .get_mut(index.min(count.saturating_sub(1)))
        {
            Some(environment) => environment.kill(),
            None => return false,
        }
        true
    }

    /// Returns the states of its environments.
    pub fn environments(&self) -> Vec<Status> {
        self.lock()
            .environments
            .iter()
            .map(Environment::status)
            .collect()
    }

    /// Returns its counts, including running invocations.
    pub fn totals(&self) -> Totals {
        let state = self.lock();
        let busy: Duration = state.environments.iter().map(Environment::busy).sum();
        Totals {
            busy_seconds: state.totals.busy_seconds + busy.as_secs_f64(),
            ..state.totals
        }
    }

    pub(super) fn drain(&self) {
        let mut state = self.lock();
        state.line.clear();
        state.environments.iter_mut().for_each(Environment::drain);
    }

    pub(super) fn kill_all(&self) {
        self.lock()
            .environments
            .iter_mut()
            .for_each(Environment::kill);
    }

    pub(super) async fn until_empty(&self) {
        let mut count = self.count.subscribe();
        // `self` owns the sender.
        let _ = count.wait_for(|it| *it == 0).await;
    }

    // ------------------------------------------------------------------ calls of the Runtime API

    /// Registers the process's request for its next event.
    pub(super) fn next(self: &Arc<Self>, id: u64) -> Option<oneshot::Receiver<Handed>> {
        let at = Instant::now();
        let mut state = self.lock();
        let receiver = state.environment(id)?.next(at);
        self.settle(&mut state, id);
        Some(receiver)
    }

    /// Completes an invocation with the process's response. Returns `false` if the process has no such invocation.
    pub(super) fn complete(
        self: &Arc<Self>,
        id: u64,
        invocation: &str,
        (payload, is_error): (Bytes, bool),
        at: Instant,
    ) -> bool {
        let mut state = self.lock();
        let Some(pending) = state.environment(id).and_then(|it| it.running(invocation)) else {
            return false;
        };
        pending.complete(payload, is_error, at);
        if self.settings.concurrency() > 1 {
            self.settle(&mut state, id);
        }
        true
    }

    pub(super) fn register_extension(&self, id: u64, events: &[String]) -> Option<String> {
        Some(self.lock().environment(id)?.register(events))
    }

    pub(super) fn next_for_extension(
        self: &Arc<Self>,
        id: u64,
        extension: &str,
    ) -> Option<oneshot::Receiver<Value>> {
        let mut state = self.lock();
        let receiver = state.environment(id)?.next_for_extension(extension)?;
        self.settle(&mut state, id);
        Some(receiver)
    }

    // ------------------------------------------------------------------ calls of the task of a process

    pub(super) fn started(&self, id: u64, pid: Option<u32>) {
        if let Some(environment) = self.lock().environment(id) {
            environment.pid = pid;
        }
    }

    /// Returns the time of the next check. No limit can be exceeded before it.
    pub(super) fn next_check(&self, id: u64) -> Instant {
        let mut state = self.lock();
        let now = Instant::now();
        // An invocation may start or end at any time, so this is the earliest possible limit.
        let idle_timeout = self.settings.idle_timeout.unwrap_or(Duration::MAX);
        let soonest = now + self.settings.timeout.min(idle_timeout);
        let Some(environment) = state.environment(id) else {
            return soonest;
        };
        let next = if environment.is_starting() {
            Some(environment.started + self.settings.init_timeout)
        } else if environment.occupied() > 0 {
            environment.deadline
        } else {
            let idle = self
                .settings
                .idle_timeout
                .map(|it| environment.idle_since + it);
            idle.filter(|it| *it > now)
        };
        next.map_or(soonest, |it| it.min(soonest))
    }

    /// Returns why the process has to be killed, if it has exceeded a limit. Ends a process that was idle for too
    /// long.
    pub(super) fn overdue(&self, id: u64) -> Option<Ended> {
        let now = Instant::now();
        let mut state = self.lock();
        let ready = state
            .environments
            .iter()
            .filter(|it| !it.is_ending && !it.is_starting());
        let is_last = ready.count() <= 1;
        let environment = state.environment(id)?;
        if environment.is_starting() {
            let limit = environment.started + self.settings.init_timeout;
            return (now >= limit).then_some(Ended::InitTimedOut(self.settings.init_timeout));
        }
        if environment.deadline.is_some_and(|it| now >= it) {
            return Some(Ended::TimedOut(self.settings.timeout));
        }
        let idle = self
            .settings
            .idle_timeout
            .map(|it| environment.idle_since + it);
        if environment.occupied() == 0 && !is_last && idle.is_some_and(|it| now >= it) {
            environment.drain();
        }
        None
    }

    /// Removes the environment of a process that has ended.
    pub(super) fn ended(self: &Arc<Self>, id: u64, how: &Ended) {
        let mut state = self.lock();
        let Some(index) = state.environments.iter().position(|it| it.id == id) else {
            return;
        };
        let environment = state.environments.remove(index);
        let words = how.words_with_log(&self.settings);
        let (kind, message) = how.error();
        let payload = failure(kind, &message);
        if environment.is_starting()
            && environment.is_on_demand
            && let Some(mut first) = state.line.pop_front()
        {
            first.complete(payload.clone(), true, Instant::now());
        }
        // `Function::start` reports its own failures.
        let is_reported = environment.is_starting() && !environment.is_on_demand;
        state.totals.busy_seconds += environment.ended(&payload, &words).as_secs_f64();
        if how.is_unexpected() && !is_reported {
            (self.settings.notice)(&how.words(&self.settings));
        }
        self.dispatch(&mut state);
        drop(state);
        self.count.send_modify(|it| *it -= 1);
    }

    // ------------------------------------------------------------------ private

    fn settle(self: &Arc<Self>, state: &mut State, id: u64) {
        let busy = state
            .environment(id)
            .and_then(|it| it.settle(&self.settings));
        state.totals.busy_seconds += busy.unwrap_or_default().as_secs_f64();
        self.dispatch(state);
    }

    /// Passes queued invocations to free environments, the most recently used first, and starts more environments for
    /// the rest.
    fn dispatch(self: &Arc<Self>, state: &mut State) {
        while let Some(pending) = state.line.pop_front() {
            if pending.is_abandoned() {
                continue;
            }
            let free = state
                .environments
                .iter_mut()
                .filter_map(|it| it.is_free().then_some(it));
            let Some(environment) = free.max_by_key(|it| it.idle_since) else {
                state.line.push_front(pending);
                break;
            };
            match environment.hand(pending, &self.settings) {
                Ok(()) => state.totals.invocations += 1,
                Err(pending) => state.line.push_front(pending),
            }
        }
        let count = |state: &State, test: fn(&Environment) -> bool| {
            state
                .environments
                .iter()
                .filter(|it| !it.is_ending && test(it))
                .count()
        };
        while count(state, Environment::is_starting) * self.settings.concurrency()
            < state.line.len()
            && count(state, |_| true) < self.settings.max_environments
        {
            // If the start fails, the invocation fails with the environment.
            drop(self.start_environment(state, true));
        }
    }

    fn start_environment(
        self: &Arc<Self>,
        state: &mut State,
        is_on_demand: bool,
    ) -> oneshot::Receiver<Result<Ready, String>> {
        let id = state.next_id;
        state.next_id += 1;
        state.totals.starts += 1;
        let (commands, received) = mpsc::unbounded_channel();
        let (ready, becomes_ready) = oneshot::channel();
        let environment = Environment::new(id, is_on_demand, commands, ready);
        state.environments.push(environment);
        self.count.send_modify(|it| *it += 1);
        tokio::spawn(process::run(self.clone(), id, received));
        becomes_ready
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn environment(&mut self, id: u64) -> Option<&mut Environment> {
        self.environments.iter_mut().find(|it| it.id == id)
    }

    /// Invocations that occupy an environment or wait for one.
    fn concurrency(&self) -> usize {
        let occupied: usize = self.environments.iter().map(Environment::occupied).sum();
        occupied + self.line.len()
    }
}
