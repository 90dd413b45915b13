//! The HTTP client for outgoing requests.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::Client;

use crate::tls::{self, Verify};

/// A client that keeps its connections, built at its first use, because most invocations need none.
/// A request sets its own time-out.
#[derive(Default)]
pub struct HttpClient(OnceLock<Client>);

impl HttpClient {
    pub fn get(&self) -> &Client {
        self.0.get_or_init(|| {
            let tls = tls::client(tls::public_roots(), Verify::Full);
            tls.and_then(|tls| {
                Ok(Client::builder()
                    .tls_backend_preconfigured(tls)
                    .connect_timeout(Duration::from_secs(3))
                    // Lambda freezes an environment between requests, so a connection that was idle for longer is likely dead.
                    .pool_idle_timeout(Duration::from_secs(30))
                    .redirect(reqwest::redirect::Policy::none())
                    .build()?)
            })
            // Only an invalid build (no roots, no cipher suites) causes this.
            .unwrap_or_else(|error| {
                unreachable!("the HTTP client's constant settings are valid: {error}")
            })
        })
    }
}
