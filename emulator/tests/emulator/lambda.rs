use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use emulator::lambda::InvokeError;
use serde_json::json;

use crate::support::{Folder, Gate, LONG, SAMPLE, Stage, eventually, json_of, within};

#[tokio::test]
async fn a_process_gets_the_event_and_the_caller_its_response() {
    let stage = Stage::new(|it| it.timeout = LONG);
    let before = now_ms();
    let completed = stage.invoke(json!({})).await;
    assert!(!completed.is_error);
    let deadline = json_of(&completed)["deadline"].as_u64().unwrap();
    let limit = u64::try_from(LONG.as_millis()).unwrap();
    assert!((before + limit..=now_ms() + limit).contains(&deadline));
}

#[tokio::test]
async fn an_error_of_the_function_is_the_response() {
    let stage = Stage::new(|_| {});
    let completed = stage.invoke(json!({ "fails": true })).await;
    assert!(completed.is_error);
    assert_eq!(json_of(&completed)["errorMessage"], "no such table");
}

#[tokio::test]
async fn invocations_are_queued_at_the_maximum_of_environments() {
    let stage = Stage::new(|it| it.max_environments = 2);
    let invocations: Vec<_> = (0..200).map(|_| stage.invoking(json!({}))).collect();
    for invocation in invocations {
        assert!(!within(invocation).await.unwrap().is_error);
    }
    assert_eq!(stage.function().totals().invocations, 200);
    assert!(stage.function().totals().starts <= 2);
}

#[tokio::test]
async fn an_environment_is_occupied_until_its_extension_is_idle() {
    let stage = with_extension(|it| it.reserved_concurrency = Some(1));
    let gate = Gate::new().await;
    let completed = stage.invoke(json!({ "after": gate.address })).await;
    let at_work = gate.arrived().await;

    // The caller has its response, but the environment takes no other invocation.
    assert_eq!(stage.states(), ["busy"]);
    let second = stage.lambda.invoke(SAMPLE, "{}".into()).await;
    assert_eq!(second.err(), Some(InvokeError::Throttled));

    drop(at_work);
    let answered = completed.answered;
    assert!(within(completed.until_idle()).await.unwrap() > answered);
    assert_eq!(stage.states(), ["idle"]);
    assert!(!stage.invoke(json!({})).await.is_error);
}

#[tokio::test]
async fn an_invocation_starts_another_environment_if_the_first_is_occupied() {
    let stage = with_extension(|_| {});
    let gate = Gate::new().await;
    let held = json_of(&stage.invoke(json!({ "after": gate.address })).await);
    let at_work = gate.arrived().await;
    assert_ne!(held["pid"], stage.pid().await);
    drop(at_work);
}

#[tokio::test]
async fn the_time_of_the_extension_counts_as_busy() {
    let stage = with_extension(|_| {});
    let gate = Gate::new().await;
    let completed = stage.invoke(json!({ "after": gate.address })).await;
    let at_work = gate.arrived().await;
    let received = completed.received;
    let so_far = stage.function().totals().busy_seconds;
    assert!(so_far > 0.0, "also while it is under way");
    drop(at_work);
    let idle = within(completed.until_idle()).await.unwrap();
    let busy = stage.function().totals().busy_seconds;
    assert!(busy > so_far && busy >= (idle - received).as_secs_f64());
}

#[tokio::test]
async fn invocations_beyond_the_reserved_concurrency_are_throttled() {
    let stage = Stage::new(|it| it.reserved_concurrency = Some(2));
    let gate = Gate::new().await;
    let invocations = [0, 1].map(|_| stage.invoking(json!({ "before": gate.address })));
    let inside = [gate.arrived().await, gate.arrived().await];
    let third = stage.lambda.invoke(SAMPLE, "{}".into()).await;
    assert_eq!(third.err(), Some(InvokeError::Throttled));
    assert_eq!(stage.function().totals().throttles, 1);
    drop(inside);
    for invocation in invocations {
        assert!(!within(invocation).await.unwrap().is_error);
    }
}

#[tokio::test]
async fn a_killed_process_fails_only_its_invocation_and_is_replaced() {
    let stage = Stage::new(|it| it.max_environments = 2);
    let gate = Gate::new().await;
    let invocations = [0, 1].map(|_| stage.invoking(json!({ "before": gate.address })));
    let inside = [gate.arrived().await, gate.arrived().await];
    let before: Vec<_> = stage
        .function()
        .environments()
        .iter()
        .map(|it| it.pid)
        .collect();

    assert!(stage.function().kill(0.0));
    eventually(|| stage.function().environments().len() == 1).await;
    drop(inside);
    let mut failed = 0;
    for invocation in invocations {
        let completed = within(invocation).await.unwrap();
        if completed.is_error {
            failed += 1;
            assert_eq!(json_of(&completed)["errorType"], "Runtime.ExitError");
        }
    }
    assert_eq!(failed, 1);
    let words = stage.notices.lock().unwrap().join("\n");
    assert!(
        words.contains("sample ended (signal: 9 (SIGKILL))"),
        "{words}"
    );

    let gate = Gate::new().await;
    let invocations = [0, 1].map(|_| stage.invoking(json!({ "before": gate.address })));
    let inside = [gate.arrived().await, gate.arrived().await];
    let after: Vec<_> = stage
        .function()
        .environments()
        .iter()
        .map(|it| it.pid)
        .collect();
    assert_eq!(after.iter().filter(|it| before.contains(it)).count(), 1);
    drop(inside);
    for invocation in invocations {
        assert!(!within(invocation).await.unwrap().is_error);
    }
}

#[tokio::test]
async fn a_function_that_exceeds_its_timeout_is_killed() {
    let stage = Stage::new(|it| it.timeout = Duration::from_millis(300));
    let gate = Gate::new().await;
    let completed = stage.invoke(json!({ "before": gate.address })).await;
    assert!(completed.is_error);
    assert_eq!(
        json_of(&completed)["errorMessage"],
        "Task timed out after 0.30 seconds"
    );
    eventually(|| stage.states().is_empty()).await;
}

#[tokio::test]
async fn a_process_whose_extension_exceeds_the_timeout_is_killed() {
    let stage = with_extension(|it| it.timeout = Duration::from_secs(2));
    let gate = Gate::new().await;
    let completed = stage.invoke(json!({ "after": gate.address })).await;
    assert!(!completed.is_error, "the response came in time");
    let _at_work = gate.arrived().await;
    assert_eq!(within(completed.until_idle()).await, None);
    eventually(|| stage.states().is_empty()).await;
}

#[tokio::test]
async fn a_function_that_cannot_start_fails_the_invocation_with_its_cause() {
    let stage = Stage::new(|it| set(it, "CANNOT_START", "JWT_SECRET is not set"));
    let completed = stage.invoke(json!({})).await;
    assert!(completed.is_error);
    let words = stage.function().start().await.unwrap_err();
    assert!(words.contains("sample ended (exit status: 1)"), "{words}");
    assert!(words.contains("JWT_SECRET is not set"), "{words}");
}

#[tokio::test]
async fn a_function_that_exceeds_the_init_timeout_is_killed() {
    let stage = Stage::new(|it| {
        it.init_timeout = Duration::from_millis(50);
        set(it, "STARTS_NEVER", "1");
    });
    let completed = stage.invoke(json!({})).await;
    assert_eq!(
        json_of(&completed)["errorMessage"],
        "Init timed out after 0.05 seconds"
    );
}

#[tokio::test]
async fn a_missing_binary_is_an_error_that_names_it() {
    let stage = Stage::new(|it| it.command = vec!["/nowhere/sample".to_owned()]);
    let words = stage.function().start().await.unwrap_err();
    assert_eq!(words, "sample is not built: /nowhere/sample does not exist");
}

#[tokio::test]
async fn a_new_build_replaces_the_old_one_which_finishes_its_invocations() {
    let folder = Folder::new();
    let program = folder.file("sample");
    build(&program, "1");
    let stage = Stage::in_folder(folder, |it| it.command = vec![program.clone()]);
    let gate = Gate::new().await;
    let slow = stage.invoking(json!({ "before": gate.address }));
    let inside = gate.arrived().await;

    build(&program, "2");
    within(stage.function().replace()).await.unwrap();
    assert_eq!(json_of(&stage.invoke(json!({})).await)["version"], "2");
    drop(inside);
    assert_eq!(json_of(&within(slow).await.unwrap())["version"], "1");
    eventually(|| stage.states().len() == 1).await;
    assert!(stage.notices.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_new_build_that_cannot_start_leaves_the_old_one_running() {
    let folder = Folder::new();
    let program = folder.file("sample");
    build(&program, "1");
    let stage = Stage::in_folder(folder, |it| it.command = vec![program.clone()]);
    stage.pid().await;
    write_program(
        &program,
        "#!/bin/sh\necho 'JWT_SECRET is not set'\nexit 1\n",
    );
    let words = within(stage.function().replace()).await.unwrap_err();
    assert!(words.contains("JWT_SECRET is not set"), "{words}");
    assert_eq!(json_of(&stage.invoke(json!({})).await)["version"], "1");
}

#[tokio::test]
async fn a_frozen_process_is_stopped_until_the_next_invocation() {
    let stage = with_extension(|it| it.freeze = true);
    let pid = stage.pid().await;
    eventually(|| state_of_process(pid) == "T").await;
    assert_eq!(stage.pid().await, pid);
    eventually(|| state_of_process(pid) == "T").await;
    within(stage.lambda.stop(LONG)).await;
    assert!(
        read(&stage.folder, "ended").contains("SIGTERM"),
        "it is woken to end"
    );
}

#[tokio::test]
async fn a_process_with_an_extension_gets_sigterm() {
    let stage = with_extension(|_| {});
    stage.pid().await;
    within(stage.lambda.stop(LONG)).await;
    let ended = read(&stage.folder, "ended");
    assert!(
        ended.contains("SHUTDOWN") && ended.contains("SIGTERM"),
        "{ended}"
    );
}

#[tokio::test]
async fn stopping_waits_for_running_invocations() {
    let stage = Stage::new(|_| {});
    let gate = Gate::new().await;
    let running = stage.invoking(json!({ "before": gate.address }));
    let inside = gate.arrived().await;
    let lambda = stage.lambda.clone();
    let stopped = tokio::spawn(async move { lambda.stop(LONG).await });
    eventually(|| stage.states() == ["ending"]).await;
    drop(inside);
    assert!(!within(running).await.unwrap().is_error);
    within(stopped).await.unwrap();
}

#[tokio::test]
async fn idle_environments_end_except_for_one() {
    let stage = Stage::new(|it| it.idle_timeout = Some(Duration::from_millis(100)));
    let gate = Gate::new().await;
    let invocations = [0, 1, 2].map(|_| stage.invoking(json!({ "before": gate.address })));
    drop([
        gate.arrived().await,
        gate.arrived().await,
        gate.arrived().await,
    ]);
    for invocation in invocations {
        assert!(!within(invocation).await.unwrap().is_error);
    }
    eventually(|| stage.states() == ["idle"]).await;
}

#[tokio::test]
async fn events_and_responses_above_six_megabytes_are_rejected() {
    let stage = Stage::new(|_| {});
    let limit = 6 * 1024 * 1024;
    let large = stage
        .lambda
        .invoke(SAMPLE, vec![b'1'; limit + 1].into())
        .await;
    assert_eq!(large.err(), Some(InvokeError::TooLarge(limit + 1)));
    let completed = stage.invoke(json!({ "bytes": limit })).await;
    assert!(completed.is_error);
    assert_eq!(
        json_of(&completed)["errorType"],
        "Function.ResponseSizeTooLarge"
    );
    // A JSON string has two quotes.
    assert!(!stage.invoke(json!({ "bytes": limit - 2 })).await.is_error);
}

fn with_extension(adjust: impl FnOnce(&mut emulator::lambda::FunctionSettings)) -> Stage {
    let folder = Folder::new();
    let mark = folder.file("ended");
    Stage::in_folder(folder, |it| {
        set(it, "EXTENSION", &mark);
        adjust(it);
    })
}

fn set(settings: &mut emulator::lambda::FunctionSettings, name: &str, value: &str) {
    settings.variables.insert(name.to_owned(), value.to_owned());
}

fn build(program: &str, version: &str) {
    let command = crate::support::program().join(" ");
    write_program(
        program,
        &format!("#!/bin/sh\nexport VERSION={version}\nexec {command}\n"),
    );
}

/// Writes an executable file. It is renamed into place, because the old one may be running; and another process
/// writes it, because a process that a parallel test forks would keep it open, and nothing could execute it until then.
pub fn write_program(program: &str, text: &str) {
    let next = format!("{program}.next");
    let mut install = Command::new("install")
        .args(["-m", "755", "/dev/stdin", &next])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = install.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    assert!(install.wait().unwrap().success());
    std::fs::rename(&next, program).unwrap();
}

fn state_of_process(pid: u64) -> String {
    let statistics = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, fields) = statistics.rsplit_once(") ").unwrap();
    fields.split(' ').next().unwrap().to_owned()
}

fn read(folder: &Folder, name: &str) -> String {
    std::fs::read_to_string(folder.0.join(name)).unwrap_or_default()
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_millis().try_into().unwrap()
}
