//! Runs processes, and reads Linux's figures about them.

use std::fs::{read_dir, read_to_string};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// Runs a command until it ends.
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

/// Returns the CPU time of the process's threads in nanoseconds; /proc/PID/stat has hundredths of a second.
pub fn cpu(pid: u32) -> Duration {
    let threads = read_dir(format!("/proc/{pid}/task")).unwrap();
    let nanoseconds = threads.flatten().filter_map(|thread| {
        let statistics = read_to_string(thread.path().join("schedstat")).ok()?;
        statistics.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// Returns the largest memory use of the process so far, in KB.
pub fn peak_memory(pid: u32) -> u64 {
    let status = read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|it| it.trim().trim_end_matches(" kB").parse().ok())
        .unwrap()
}
