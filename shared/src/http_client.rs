//! The HTTP client for outgoing requests.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Response};

use crate::tls::{self, Verify};

/// A client that keeps its connections, built at its first use, because most invocations need none.
/// A request sets its own time-out.
pub struct HttpClient {
    client: OnceLock<Client>,
    connect_timeout: Duration,
}

impl Default for HttpClient {
    fn default() -> Self {
        Self::new(Duration::from_secs(3))
    }
}

impl HttpClient {
    /// Creates a client with this timeout for connecting, including TLS.
    #[must_use]
    pub fn new(connect_timeout: Duration) -> Self {
        Self {
            client: OnceLock::new(),
            connect_timeout,
        }
    }

    /// Returns the client.
    pub fn get(&self) -> &Client {
        self.client.get_or_init(|| {
            let tls = tls::client(tls::public_roots(), Verify::Full);
            tls.and_then(|tls| {
                Ok(Client::builder()
                    .tls_backend_preconfigured(tls)
                    .connect_timeout(self.connect_timeout)
                    // Lambda freezes an environment between requests, so a connection that was idle for longer is likely dead.
                    .pool_idle_timeout(Duration::from_secs(30))
                    .redirect(reqwest::redirect::Policy::none())
                    .build()?)
            })
            // Building fails only without roots or cipher suites.
            .unwrap_or_else(|error| {
                unreachable!("the HTTP client's constant settings are valid: {error}")
            })
        })
    }
}

/// Returns the delay that a response requests in `Retry-After`, in seconds or as a date (RFC 9110, section 10.2.3). A
/// date in the past requests none.
#[must_use]
pub fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    parse_retry_after(value, SystemTime::now())
}

fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value.trim()).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_a_number_of_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (value, seconds) in [
            ("120", Some(120)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sunday, 06-Nov-94 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(parse_retry_after(value, now), expected, "{value}");
        }
    }
}
