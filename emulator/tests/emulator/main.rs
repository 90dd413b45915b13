//! The emulator with real processes: they run the crates that the functions use, `lambda_runtime` and `lambda-extension`.
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

/// Not a test of its own: the program of the functions, which the tests start from this very binary.
#[test]
fn function() {
    if std::env::var("AWS_LAMBDA_RUNTIME_API").is_ok() {
        function::run();
    }
}
