use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Receives what a developer should read, such as the unexpected end of a process.
pub type Notice = Arc<dyn Fn(&str) + Send + Sync>;

/// How a function runs.
#[derive(Clone)]
pub struct FunctionSettings {
    /// The name by which the function is invoked.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The environment variables, besides those that Lambda sets.
    pub variables: HashMap<String, String>,
    /// The file that the output of all its processes is appended to.
    pub log: PathBuf,
    /// The value of `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`, in MB. It limits nothing.
    pub memory_mb: u32,
    /// The longest an invocation may occupy an environment, extensions included.
    pub timeout: Duration,
    /// The longest a process may take to ask for its first event.
    pub init_timeout: Duration,
    /// The most processes at a time; more invocations wait in line.
    pub max_environments: usize,
    /// The most concurrent invocations; more are throttled.
    pub reserved_concurrency: Option<usize>,
    /// The time after which an idle environment is ended; the last one stays.
    pub idle_timeout: Option<Duration>,
    /// Whether idle processes are stopped with SIGSTOP, as Lambda freezes them.
    pub freeze: bool,
    /// How processes are ended.
    pub shutdown: Shutdown,
    /// Where messages for the developer go.
    pub notice: Notice,
}

/// How a process is ended.
#[derive(Clone, Copy)]
pub enum Shutdown {
    /// As Lambda does: SIGTERM and 500 ms if an extension is registered, then SIGKILL.
    AsLambda,
    /// SIGTERM, and SIGKILL only after so long.
    Patiently(Duration),
}

impl FunctionSettings {
    /// Settings with Lambda's defaults.
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

    /// Returns how many invocations one environment takes at once: one on classic Lambda.
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
