//! Emulates AWS Lambda and API Gateway on one machine.
//!
//! The functions are the real binaries. They reach the Runtime and the Extensions API as on Lambda, receive the events
//! of a REST API, and an environment stays occupied until its extensions are idle. See `emulator/README.md`.

pub mod gateway;
pub mod invoke_api;
pub mod lambda;
pub mod server;
pub mod template;
