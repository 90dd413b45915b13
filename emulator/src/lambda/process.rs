//! The task that owns a process: starts it, limits its time, and ends it.

use std::fs::{File, read_to_string};
use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::net::TcpListener;
use tokio::process::Child;
use tokio::sync::mpsc;
use tokio::time::{sleep_until, timeout};

use super::environment::Command;
use super::settings::{FunctionSettings, Shutdown};
use super::{Function, runtime_api};

/// The time that Lambda gives a process between SIGTERM and SIGKILL, if it has an internal extension.
const LAMBDA_SHUTDOWN: Duration = Duration::from_millis(500);

pub(super) enum Ended {
    NotStarted(io::Error),
    /// The process exited, or a signal from outside ended it.
    Exited(Option<ExitStatus>),
    TimedOut(Duration),
    InitTimedOut(Duration),
    /// The emulator ended it.
    ShutDown,
}

impl Ended {
    pub fn is_unexpected(&self) -> bool {
        !matches!(self, Self::ShutDown)
    }

    /// Returns the type and the message of the error that Lambda sends to the caller.
    pub fn error(&self) -> (&'static str, String) {
        match self {
            Self::TimedOut(limit) => {
                let seconds = limit.as_secs_f64();
                (
                    "Sandbox.Timedout",
                    format!("Task timed out after {seconds:.2} seconds"),
                )
            }
            Self::InitTimedOut(limit) => {
                let seconds = limit.as_secs_f64();
                (
                    "Sandbox.Timedout",
                    format!("Init timed out after {seconds:.2} seconds"),
                )
            }
            Self::NotStarted(_) => ("Runtime.InvalidEntrypoint", self.how()),
            _ => (
                "Runtime.ExitError",
                format!("Runtime exited: {}", self.how()),
            ),
        }
    }

    /// Returns one line for the developer.
    pub fn words(&self, settings: &FunctionSettings) -> String {
        let name = &settings.name;
        if let Self::NotStarted(error) = self
            && error.kind() == io::ErrorKind::NotFound
        {
            let program = settings.command.first().map_or("", String::as_str);
            return format!("{name} is not built: {program} does not exist");
        }
        let log = settings.log.display();
        format!("{name} ended ({}). Its log: {log}", self.how())
    }

    /// Returns the line with the end of the log.
    pub fn words_with_log(&self, settings: &FunctionSettings) -> String {
        let words = self.words(settings);
        if matches!(self, Self::NotStarted(_)) {
            return words;
        }
        let log = read_to_string(&settings.log).unwrap_or_default();
        let lines: Vec<&str> = log.trim_end().lines().collect();
        let last = lines[lines.len().saturating_sub(12)..].join("\n");
        format!("{words}\n{last}")
    }

    fn how(&self) -> String {
        match self {
            Self::NotStarted(error) => format!("cannot start: {error}"),
            Self::Exited(Some(status)) => status.to_string(),
            Self::Exited(None) => "status unknown".to_owned(),
            Self::TimedOut(limit) => format!("timed out after {limit:?}"),
            Self::InitTimedOut(limit) => format!("not ready after {limit:?}"),
            Self::ShutDown => "shut down".to_owned(),
        }
    }
}

pub(super) async fn run(
    function: Arc<Function>,
    id: u64,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    let how = match start(&function, id).await {
        Ok((mut child, server)) => {
            function.started(id, child.id());
            let how = supervise(&function, id, &mut child, &mut commands).await;
            server.abort();
            how
        }
        Err(error) => Ended::NotStarted(error),
    };
    function.ended(id, &how);
}

async fn start(
    function: &Arc<Function>,
    id: u64,
) -> io::Result<(Child, tokio::task::JoinHandle<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let runtime_api = listener.local_addr()?.to_string();
    let child = spawn(&function.settings, id, &runtime_api)?;
    let server = tokio::spawn(runtime_api::serve(listener, function.clone(), id));
    Ok((child, server))
}

async fn supervise(
    function: &Arc<Function>,
    id: u64,
    child: &mut Child,
    commands: &mut mpsc::UnboundedReceiver<Command>,
) -> Ended {
    loop {
        tokio::select! {
            status = child.wait() => return Ended::Exited(status.ok()),
            Some(command) = commands.recv() => match command {
                Command::Kill => {
                    let _ = child.kill().await;
                    return Ended::Exited(child.wait().await.ok());
                }
                Command::End { has_extension } => {
                    shut_down(child, function.settings.shutdown, has_extension).await;
                    return Ended::ShutDown;
                }
            },
            () = sleep_until(function.next_check(id).into()) => {
                if let Some(how) = function.overdue(id) {
                    let _ = child.kill().await;
                    return how;
                }
            }
        }
    }
}

fn spawn(settings: &FunctionSettings, id: u64, runtime_api: &str) -> io::Result<Child> {
    let [program, arguments @ ..] = settings.command.as_slice() else {
        return Err(io::ErrorKind::NotFound.into());
    };
    if let Some(folder) = settings.log.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let output = File::options()
        .create(true)
        .append(true)
        .open(&settings.log)?;
    let name = &settings.name;
    tokio::process::Command::new(program)
        .args(arguments)
        .env_clear()
        .envs([
            ("AWS_REGION", "eu-west-3"),
            ("AWS_DEFAULT_REGION", "eu-west-3"),
        ])
        .envs(&settings.variables)
        .envs([
            ("AWS_LAMBDA_FUNCTION_NAME", name.as_str()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_LAMBDA_RUNTIME_API", runtime_api),
            ("TZ", ":UTC"),
            ("_HANDLER", "bootstrap"),
        ])
        .env(
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            settings.memory_mb.to_string(),
        )
        .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}"))
        .env("AWS_LAMBDA_LOG_STREAM_NAME", format!("[$LATEST]{id}"))
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        // Ctrl-C reaches only the emulator, which ends its processes in order.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

async fn shut_down(child: &mut Child, how: Shutdown, has_extension: bool) {
    let grace = match how {
        Shutdown::AsLambda if has_extension => LAMBDA_SHUTDOWN,
        Shutdown::AsLambda => Duration::ZERO,
        Shutdown::Graceful(timeout) => timeout,
    };
    if !grace.is_zero()
        && let Some(pid) = child.id().and_then(|it| i32::try_from(it).ok())
    {
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        if timeout(grace, child.wait()).await.is_ok() {
            return;
        }
    }
    let _ = child.kill().await;
}
