//! Tests of the program from outside: its options, its log, and its end.

use std::process::{Child, Command, Stdio};

use std::io::{BufRead, BufReader, Read};

use http_body_util::Full;
use hyper::Request;
use serde_json::Value;

use crate::lambda::write_program;
use crate::support::{Folder, program, send};

const TEMPLATE: &str = "
Resources:
  SampleFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/sample
      Events:
        Device: { Type: Api, Properties: { Method: PUT, Path: '/devices/{token}' } }
";

struct Emulator {
    folder: Folder,
    child: Child,
}

impl Emulator {
    fn start(options: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = Folder::new();
        std::fs::write(folder.0.join("template.yaml"), TEMPLATE).unwrap();
        let command = program().join(" ");
        write_program(
            &folder.file("sample"),
            &format!("#!/bin/sh\nexec {command}\n"),
        );
        let child = Command::new(env!("CARGO_BIN_EXE_emulator"))
            .args([
                "--template",
                &folder.file("template.yaml"),
                "--binaries",
                &folder.file(""),
            ])
            .args([
                "--logs",
                &folder.file("logs"),
                "--port",
                "0",
                "--init",
                "60",
                "--with-parent",
            ])
            .args(options)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { folder, child }
    }

    fn address(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        line.trim()
            .strip_prefix("listening on http://")
            .expect("an address")
            .to_owned()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.0.join("logs/gateway.log")).unwrap()
    }

    /// Returns the output of its failure.
    fn failure(mut self) -> String {
        // Waiting would close the standard input, which ends the program.
        let _input = self.child.stdin.take();
        assert!(!self.child.wait().unwrap().success());
        let mut words = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut words)
            .unwrap();
        words
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn the_log_has_one_line_per_request_without_its_content() {
    let mut emulator = Emulator::start(&[], &[]);
    let address = emulator.address();
    let request = Request::put("/devices/secret-device/?q=secret-word")
        .header("host", &address)
        .header("authorization", "Bearer secret-token")
        .body(Full::from("secret-body"))
        .unwrap();
    assert_eq!(send(&address, request).await.status(), 200);
    let unknown = Request::get("/secret-path")
        .header("host", &address)
        .body(Full::default())
        .unwrap();
    send(&address, unknown).await;

    let log = emulator.log();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["route"], "/devices/{token}");
    assert_eq!(lines[0]["status"], 200);
    assert_eq!(lines[0]["method"], "PUT");
    assert_eq!(lines[1]["route"], "-");
    assert_eq!(lines.len(), 2);
    assert!(!log.contains("secret"), "{log}");
}

#[tokio::test]
async fn the_emulator_ends_with_its_parent_and_its_processes_end_too() {
    let mut emulator = Emulator::start(&["--warm", "2"], &[]);
    let address = emulator.address();
    let request = Request::get("/_emulator/functions")
        .header("host", &address)
        .body(Full::default())
        .unwrap();
    let states: Value = serde_json::from_slice(send(&address, request).await.body()).unwrap();
    let environments = states["sample"]["environments"].as_array().unwrap();
    assert_eq!(environments.len(), 2);
    drop(emulator.child.stdin.take());
    assert!(emulator.child.wait().unwrap().success());
    for environment in environments {
        let process = format!("/proc/{}", environment["pid"]);
        assert!(!std::path::Path::new(&process).exists());
    }
}

#[test]
fn a_function_that_cannot_start_ends_the_emulator_with_the_function_s_output() {
    let words = Emulator::start(&[], &[("CANNOT_START", "JWT_SECRET is not set")]).failure();
    assert!(words.contains("sample ended (exit status: 1)"), "{words}");
    assert!(words.contains("JWT_SECRET is not set"), "{words}");
}

#[test]
fn a_wrong_option_or_function_is_named() {
    assert!(
        Emulator::start(&["--prot", "8000"], &[])
            .failure()
            .contains("--prot")
    );
    assert!(
        Emulator::start(&["--only", "nobody"], &[])
            .failure()
            .contains("no function nobody")
    );
    assert!(
        Emulator::start(&["--reserve", "sample"], &[])
            .failure()
            .contains("--reserve takes NAME=N")
    );
}
