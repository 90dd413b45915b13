use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Called with messages for the developer, such as the unexpected end of a process.
pub type Notice = Arc<dyn Fn(&str) + Send + Sync>;

/// The configuration of a function.
#[derive(Clone)]
pub struct FunctionSettings {
    pub name: String,
    pub command: Vec<String>,
    /// The environment variables, in addition to those that Lambda sets.
    pub variables: HashMap<String, String>,
    /// The log file, to which the output of all its processes is appended.
    pub log: PathBuf,
    /// The value of `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`, in MB. The emulator does not limit memory.
    pub memory_mb: u32,
    /// The longest time for which an invocation may occupy an environment, extensions included.
    pub timeout: Duration,
    /// The longest time from the start of a process to its first request for an event.
    pub init_timeout: Duration,
    /// The most processes at a time; further invocations are queued.
    pub max_environments: usize,
    /// The most concurrent invocations; further ones are throttled.
    pub reserved_concurrency: Option<usize>,
    /// The time after which an idle environment is ended. One environment always stays.
    pub idle_timeout: Option<Duration>,
    /// Whether idle processes are stopped with SIGSTOP, as Lambda freezes them.
    pub freeze: bool,
    pub shutdown: Shutdown,
    pub notice: Notice,
}

/// How a process is ended.
#[derive(Clone, Copy)]
pub enum Shutdown {
    /// As Lambda does: SIGTERM and 500 ms if an extension is registered, then SIGKILL.
    AsLambda,
    /// With SIGTERM, and with SIGKILL after this time.
    Graceful(Duration),
}

impl FunctionSettings {
    /// Returns settings with Lambda's defaults.
    #[must_use]
    pub fn new(name: &str, command: Vec<String>, log: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            command,
            variables: HashMap::new(),
            log,
            memory_mb: 256,
            timeout: Duration::from_mins(1),
            init_timeout: Duration::from_secs(10),
            max_environments: 10,
            reserved_concurrency: None,
            idle_timeout: None,
            freeze: false,
            shutdown: Shutdown::AsLambda,
            notice: Arc::new(|_| {}),
        }
    }

    /// Returns the number of concurrent invocations of one environment: one on classic Lambda.
    pub(super) fn concurrency(&self) -> usize {
        let variable = self.variables.get("AWS_LAMBDA_MAX_CONCURRENCY");
        variable.and_then(|it| it.parse().ok()).unwrap_or(1)
    }

    pub(super) fn arn(&self) -> String {
        format!(
            "arn:aws:lambda:eu-west-3:000000000000:function:{}",
            self.name
        )
    }
}
