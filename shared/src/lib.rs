//! The code that the functions share.
//!
//! A function is a thin binary over [`runtime::serve`]. The layers use only those below them:
//!
//! * [`runtime`] starts a function and passes a request to its handler;
//! * [`http`] and [`auth`] are the edge: requests, responses, tokens; they know nothing of SQL;
//! * [`delivery`] delivers changes to Firebase and FCM after the response, over one loop;
//! * [`firebase`] mirrors rooms and signs the tokens for phones;
//! * [`push`] sends notifications;
//! * [`webhooks`] sends events to the platform's backend;
//! * [`cloudinary`] signs the uploads of photos;
//! * [`cache`] caches responses in Redis;
//! * [`db`] has all SQL, one file per query;
//! * [`domain`] has the terms of the chat; it does no I/O.

pub mod auth;
pub mod cache;
pub mod cloudinary;
pub mod config;
mod crypto;
pub mod db;
pub mod delivery;
pub mod domain;
pub mod error;
pub mod firebase;
pub mod http;
pub mod http_client;
pub mod metrics;
pub mod push;
pub mod runtime;
pub mod secret;
pub mod tls;
pub mod webhooks;

#[cfg(feature = "testing")]
pub mod testing;
