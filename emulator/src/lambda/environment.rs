use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::invocation::{Invocation, Pending};
use super::settings::FunctionSettings;

/// A process that has requested its first event.
#[derive(Debug, Clone, Copy)]
pub struct Ready {
    pub pid: u32,
    /// The time from the start of the process to its first request for an event.
    pub after: Duration,
}

/// The state of an environment for the admin API.
#[derive(Debug, Serialize)]
pub struct Status {
    /// The process id, once the process runs.
    pub pid: Option<u32>,
    /// `starting`, `idle`, `busy` or `ending`.
    pub state: &'static str,
}

/// An event for a waiting process, and the invocation's deadline in milliseconds since 1970.
pub(super) struct Handed {
    pub invocation: Arc<Invocation>,
    pub deadline_ms: u128,
}

/// Commands to the task that owns the process.
pub(super) enum Command {
    End { has_extension: bool },
    Kill,
}

/// One process of a function, as the Runtime API and the Extensions API see it.
pub(super) struct Environment {
    pub id: u64,
    pub pid: Option<u32>,
    pub started: Instant,
    /// Whether a queued invocation caused the start.
    pub is_on_demand: bool,
    pub is_ending: bool,
    pub idle_since: Instant,
    pub deadline: Option<Instant>,
    commands: mpsc::UnboundedSender<Command>,
    ready: Option<oneshot::Sender<Result<Ready, String>>>,
    ready_after: Option<Duration>,
    is_frozen: bool,
    /// Requests for the next event.
    pollers: VecDeque<oneshot::Sender<Handed>>,
    /// Invocations that occupy the environment, with or without a response.
    running: Vec<Pending>,
    busy_since: Option<Instant>,
    extensions: Vec<Extension>,
}

impl Environment {
    pub fn new(
        id: u64,
        is_on_demand: bool,
        commands: mpsc::UnboundedSender<Command>,
        ready: oneshot::Sender<Result<Ready, String>>,
    ) -> Self {
        Self {
            id,
            pid: None,
            started: Instant::now(),
            is_on_demand,
            is_ending: false,
            idle_since: Instant::now(),
            deadline: None,
            commands,
            ready: Some(ready),
            ready_after: None,
            is_frozen: false,
            pollers: VecDeque::new(),
            running: Vec::new(),
            busy_since: None,
            extensions: Vec::new(),
        }
    }

    /// Returns whether the runtime or an extension has not yet requested its first event.
    pub fn is_starting(&self) -> bool {
        self.ready.is_some()
    }

    /// Returns whether the environment can take an invocation.
    pub fn is_free(&mut self) -> bool {
        self.pollers.retain(|it| !it.is_closed());
        !self.is_ending && !self.is_starting() && !self.pollers.is_empty() && self.is_quiet()
    }

    /// Returns whether all extensions are idle.
    fn is_quiet(&self) -> bool {
        self.extensions.iter().all(Extension::is_idle)
    }

    pub fn occupied(&self) -> usize {
        self.running.len()
    }

    pub fn busy(&self) -> Duration {
        self.busy_since.map(|it| it.elapsed()).unwrap_or_default()
    }

    pub fn status(&self) -> Status {
        let state = match () {
            () if self.is_ending => "ending",
            () if self.is_starting() => "starting",
            () if self.running.is_empty() => "idle",
            () => "busy",
        };
        Status {
            pid: self.pid,
            state,
        }
    }

    /// Registers the process's request for its next event.
    pub fn next(&mut self, at: Instant) -> oneshot::Receiver<Handed> {
        let (sender, receiver) = oneshot::channel();
        self.pollers.push_back(sender);
        self.ready_after.get_or_insert(at - self.started);
        receiver
    }

    /// Passes an invocation to the process, which must be free. Returns the invocation if the process has just closed
    /// its connection.
    pub fn hand(&mut self, pending: Pending, settings: &FunctionSettings) -> Result<(), Pending> {
        let deadline = Instant::now() + settings.timeout;
        let deadline_ms = milliseconds_since_1970() + settings.timeout.as_millis();
        self.thaw();
        let mut handed = Handed {
            invocation: pending.invocation.clone(),
            deadline_ms,
        };
        loop {
            let Some(poller) = self.pollers.pop_front() else {
                return Err(pending);
            };
            match poller.send(handed) {
                Ok(()) => break,
                Err(unsent) => handed = unsent,
            }
        }
        self.deadline = Some(deadline);
        self.busy_since.get_or_insert_with(Instant::now);
        for extension in self.extensions.iter_mut().filter(|it| it.hears_invoke) {
            extension.push(json!({
                "eventType": "INVOKE", "deadlineMs": deadline_ms, "requestId": pending.invocation.id,
                "invokedFunctionArn": settings.arn(),
                "tracing": { "type": "X-Amzn-Trace-Id", "value": pending.invocation.trace_id },
            }));
        }
        self.running.push(pending);
        Ok(())
    }

    pub fn running(&mut self, id: &str) -> Option<&mut Pending> {
        self.running.iter_mut().find(|it| it.invocation.id == id)
    }

    /// Updates the state. If the environment is idle, returns the time for which it was busy.
    pub fn settle(&mut self, settings: &FunctionSettings) -> Option<Duration> {
        let after = self.ready_after?;
        if !self.is_quiet() {
            return None;
        }
        if let Some(ready) = self.ready.take() {
            let pid = self.pid.unwrap_or_default();
            let _ = ready.send(Ok(Ready { pid, after }));
        }
        let at = Instant::now();
        let is_single = settings.concurrency() == 1;
        if is_single && self.pollers.is_empty() {
            return None;
        }
        let (done, running) = std::mem::take(&mut self.running)
            .into_iter()
            .partition(|it: &Pending| is_single || it.is_answered());
        self.running = running;
        for mut pending in done {
            // The runtime requested the next event without a response to this one.
            let silent =
                super::invocation::failure("Runtime.NoResponse", "the function did not respond");
            pending.complete(silent, true, at);
            pending.became_idle(at);
        }
        if !self.running.is_empty() {
            return None;
        }
        let busy = self.busy_since.take().map(|since| at - since);
        self.idle_since = at;
        self.deadline = None;
        if self.is_ending && busy.is_some() {
            self.end();
        } else if settings.freeze && self.is_free() {
            self.freeze();
        }
        busy
    }

    /// Takes no further invocations, and ends the process once it is idle.
    pub fn drain(&mut self) {
        if !std::mem::replace(&mut self.is_ending, true) && self.running.is_empty() {
            self.end();
        }
    }

    fn end(&mut self) {
        self.thaw();
        for extension in self.extensions.iter_mut().filter(|it| it.hears_shutdown) {
            extension.push(json!({
                "eventType": "SHUTDOWN", "shutdownReason": "spindown", "deadlineMs": milliseconds_since_1970(),
            }));
        }
        let has_extension = !self.extensions.is_empty();
        let _ = self.commands.send(Command::End { has_extension });
    }

    pub fn kill(&mut self) {
        let _ = self.commands.send(Command::Kill);
    }

    /// Fails the invocations of a process that has ended.
    pub fn ended(self, payload: &hyper::body::Bytes, words: &str) -> Duration {
        let at = Instant::now();
        if let Some(ready) = self.ready {
            let _ = ready.send(Err(words.to_owned()));
        }
        for mut pending in self.running {
            pending.complete(payload.clone(), true, at);
        }
        self.busy_since.map(|since| at - since).unwrap_or_default()
    }

    pub fn register(&mut self, events: &[String]) -> String {
        let id = Uuid::new_v4().to_string();
        self.extensions.push(Extension {
            id: id.clone(),
            hears_invoke: events.iter().any(|it| it == "INVOKE"),
            hears_shutdown: events.iter().any(|it| it == "SHUTDOWN"),
            events: VecDeque::new(),
            poller: None,
        });
        id
    }

    /// Registers an extension's request for its next event. Returns `None` if the extension is not registered.
    pub fn next_for_extension(&mut self, id: &str) -> Option<oneshot::Receiver<Value>> {
        let extension = self.extensions.iter_mut().find(|it| it.id == id)?;
        let (sender, receiver) = oneshot::channel();
        extension.poller = Some(sender);
        extension.hand_out();
        Some(receiver)
    }

    fn freeze(&mut self) {
        self.is_frozen = true;
        self.signal(Signal::SIGSTOP);
    }

    fn thaw(&mut self) {
        if std::mem::take(&mut self.is_frozen) {
            self.signal(Signal::SIGCONT);
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid.and_then(|it| i32::try_from(it).ok()) {
            // The process may have ended meanwhile.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

/// An extension of an environment. Its events are queued until it requests them.
struct Extension {
    id: String,
    hears_invoke: bool,
    hears_shutdown: bool,
    events: VecDeque<Value>,
    poller: Option<oneshot::Sender<Value>>,
}

impl Extension {
    fn is_idle(&self) -> bool {
        self.poller.is_some() && self.events.is_empty()
    }

    fn push(&mut self, event: Value) {
        self.events.push_back(event);
        self.hand_out();
    }

    fn hand_out(&mut self) {
        if self.events.is_empty() {
            return;
        }
        if let (Some(poller), Some(event)) = (self.poller.take(), self.events.pop_front())
            && let Err(unsent) = poller.send(event)
        {
            self.events.push_front(unsent);
        }
    }
}

fn milliseconds_since_1970() -> u128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_millis()
}
