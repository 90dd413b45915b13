//! Processes, and what Linux knows of them.

use std::collections::HashMap;
use std::fs::{File, read_dir, read_to_string};
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::timeout;

pub fn spawn(
    command: &[String],
    variables: &HashMap<String, String>,
    runtime_api: &SocketAddr,
    log: &str,
) -> Child {
    let output = File::options().create(true).append(true).open(log).unwrap();
    Command::new(&command[0])
        .args(&command[1..])
        .env_clear()
        .envs(variables)
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Runs a command to its end.
pub async fn run(command: &[String], arguments: impl Iterator<Item = String>) {
    let mut command_with = Command::new(&command[0]);
    let status = command_with
        .args(&command[1..])
        .args(arguments)
        .stdout(Stdio::null())
        .status()
        .await
        .unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

/// Ends it with SIGTERM, as Lambda does; a process that does not know that signal is killed by it.
pub async fn terminate(child: &mut Child) {
    let pid = child.id().unwrap().to_string();
    run(&["kill".to_owned()], std::iter::once(pid)).await;
    if timeout(Duration::from_secs(10), child.wait())
        .await
        .is_err()
    {
        child.kill().await.unwrap();
    }
}

/// The time that its threads have run, to the nanosecond: /proc/PID/stat counts in hundredths of a second.
pub fn cpu(pid: u32) -> Duration {
    let threads = read_dir(format!("/proc/{pid}/task")).unwrap();
    let nanoseconds = threads.flatten().filter_map(|thread| {
        let statistics = read_to_string(thread.path().join("schedstat")).ok()?;
        statistics.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// The most memory that it has ever had, in KB.
pub fn peak_memory(pid: u32) -> u64 {
    let status = read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|it| it.trim().trim_end_matches(" kB").parse().ok())
        .unwrap()
}
