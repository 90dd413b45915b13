//! The emulator with real processes, which use the crates of the functions, `lambda_runtime` and `lambda-extension`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a failure here is a failed test"
)]

mod function;
mod gateway;
mod lambda;
mod program;
mod support;

/// Not a test: the program of the functions, which the tests start from this binary.
#[test]
fn function() {
    if std::env::var("AWS_LAMBDA_RUNTIME_API").is_ok() {
        function::run();
    }
}
