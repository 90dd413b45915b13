//! The one client for requests that go out: connections are kept and shared.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::Client;

use crate::tls::{self, Verify};

/// The client; built at its first use, because most functions of most requests need none. A request sets its own
/// time limit.
pub fn http_client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let tls = tls::client(tls::public_roots(), Verify::Full);
        tls.and_then(|tls| {
            Ok(Client::builder()
                .tls_backend_preconfigured(tls)
                .connect_timeout(Duration::from_secs(3))
                // Lambda freezes an environment between requests; a connection idle for longer is likely dead.
                .pool_idle_timeout(Duration::from_secs(30))
                .redirect(reqwest::redirect::Policy::none())
                .build()?)
        })
        // Only a fault of the build (no roots, no cipher suites) can bring this about, and then nothing works.
        .unwrap_or_else(|error| {
            unreachable!("the HTTP client's constant settings are valid: {error}")
        })
    })
}
