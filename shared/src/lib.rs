//! Everything the functions of Relais share.
//!
//! A function is a thin binary over [`runtime::serve`]; what it needs stands here, in layers that only look down:
//!
//! * [`runtime`] starts a function and carries a request to its handler and the answer back;
//! * [`http`] and [`auth`] are the edge: requests, answers, tokens; they know nothing of SQL;
//! * [`firebase`] mirrors rooms and signs the tokens that phones sign in with;
//! * [`push`] tells the devices of those who are not looking;
//! * [`cloudinary`] signs the uploads of photos;
//! * [`cache`] keeps answers in Redis;
//! * [`db`] has all SQL, one file per query;
//! * [`domain`] has the terms of the chat, parsed once and valid from then on; it does no I/O.

pub mod auth;
pub mod cache;
pub mod cloudinary;
pub mod config;
mod crypto;
pub mod db;
pub mod domain;
pub mod error;
pub mod firebase;
pub mod http;
pub mod http_client;
mod metrics;
pub mod push;
pub mod runtime;
pub mod secret;
pub mod tls;

#[cfg(feature = "testing")]
pub mod testing;
