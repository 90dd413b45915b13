//! Reading `DATABASE_URL` as libpq reads it.

use std::str::FromStr;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

use crate::tls::{self, Verify};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How long TCP may take to connect. During a failover the name soon resolves to another host.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the other host may leave data or a probe unacknowledged before the connection counts as dead.
const DEAD_AFTER: Duration = Duration::from_secs(2);

/// How to connect: tokio-postgres' configuration and the TLS that `sslmode` and `sslrootcert` ask for.
#[derive(Debug, PartialEq)]
pub struct Connection {
    config: Config,
    ssl: Ssl,
}

#[derive(Debug, PartialEq)]
struct Ssl {
    mode: SslMode,
    verify: Verify,
    roots: Roots,
}

/// The certificate authorities that a server's chain may end in.
#[derive(Debug, PartialEq)]
pub(super) enum Roots {
    /// Those of a PEM file, and no others: `sslrootcert`.
    File(String),
    /// The public ones (RDS Proxy has them) and those that `pem` has for a region of Amazon RDS.
    BuiltIn {
        pem: &'static str,
        region: Option<String>,
    },
}

impl Roots {
    fn load(&self) -> Result<RootCertStore, BoxError> {
        let path = match self {
            Self::BuiltIn { pem, region } => {
                let mut roots = tls::public_roots();
                for root in tls::roots_of_region(pem, region.as_deref().unwrap_or_default()) {
                    roots.add(root?)?;
                }
                return Ok(roots);
            }
            Self::File(path) => path,
        };
        let unreadable =
            |error: &dyn std::fmt::Display| BoxError::from(format!("sslrootcert {path}: {error}"));
        let mut roots = RootCertStore::empty();
        for certificate in
            CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))?
        {
            roots.add(certificate.map_err(|error| unreadable(&error))?)?;
        }
        Ok(roots)
    }
}

impl Connection {
    /// Reads a `postgres://` URL.
    ///
    /// `sslmode` and `sslrootcert` mean what they mean in libpq, but for one thing: wherever TLS is used the chain is
    /// verified, also by `prefer` and `require`, which in libpq take any certificate.
    ///
    /// # Errors
    /// No such URL; the error never repeats it, since it holds a password.
    pub fn parse(database_url: &str) -> Result<Self, BoxError> {
        let invalid =
            |reason: &str| BoxError::from(format!("the database URL is not valid: {reason}"));
        let mut url = Url::parse(database_url).map_err(|error| invalid(&error.to_string()))?;

        let (mut mode, mut root_cert) = (None, None);
        let mut others = Vec::new();
        for (name, value) in url.query_pairs().into_owned() {
            match name.as_str() {
                "sslmode" => mode = Some(value),
                "sslrootcert" => root_cert = Some(value),
                _ => others.push((name, value)),
            }
        }
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(others);
        }

        let system = root_cert.as_deref() == Some("system");
        let (mode, verify) = match mode.as_deref() {
            // As in libpq: the public roots without a look at the host's name would be no verification at all.
            Some("prefer" | "allow" | "require" | "verify-ca") if system => {
                return Err(invalid("sslrootcert=system needs sslmode=verify-full"));
            }
            Some("disable") => (SslMode::Disable, Verify::Full),
            None if system => (SslMode::Require, Verify::Full),
            None | Some("prefer" | "allow") => (SslMode::Prefer, chain_or_full(root_cert.as_ref())),
            Some("require") => (SslMode::Require, chain_or_full(root_cert.as_ref())),
            Some("verify-ca") => (SslMode::Require, Verify::Chain),
            Some("verify-full") => (SslMode::Require, Verify::Full),
            Some(_) => {
                return Err(invalid(
                    "sslmode is disable, allow, prefer, require, verify-ca or verify-full",
                ));
            }
        };

        let mut config = Config::from_str(url.as_str())
            .map_err(|_| invalid("postgres://user:password@host:port/database was expected"))?;
        config.ssl_mode(mode).application_name("relais");
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(DEAD_AFTER);
        }
        // A host that goes down while it executes a statement sends nothing: only unanswered probes show it.
        config
            .keepalives_idle(Duration::from_secs(1))
            .keepalives_interval(Duration::from_secs(1));
        Ok(Self {
            config,
            ssl: Ssl {
                mode,
                verify,
                roots: match root_cert.filter(|_| !system) {
                    Some(path) => Roots::File(path),
                    None => Roots::BuiltIn {
                        pem: tls::RDS_ROOTS,
                        region: std::env::var("AWS_REGION").ok(),
                    },
                },
            },
        })
    }

    /// Trusts these roots instead.
    #[cfg(test)]
    pub(super) fn trust(&mut self, roots: Roots) {
        self.ssl.roots = roots;
    }

    /// The settings of tokio-postgres.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The TLS that `sslmode` and `sslrootcert` ask for.
    ///
    /// # Errors
    /// The file of root certificates cannot be read.
    pub fn tls(&self) -> Result<MakeRustlsConnect, BoxError> {
        let config = tls::client(self.ssl.roots.load()?, self.ssl.verify)?;
        Ok(MakeRustlsConnect::new(config))
    }

    /// A connection outside the pool, for what needs a session of its own.
    ///
    /// # Errors
    /// The server cannot be reached, or rejects us.
    pub async fn connect(&self) -> Result<tokio_postgres::Client, BoxError> {
        let (client, connection) = self.config.connect(self.tls()?).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                let code = error.code().map(SqlState::code);
                tracing::warn!(code, "connection to PostgreSQL lost");
            }
        });
        Ok(client)
    }
}

/// With roots of one's own libpq's weaker modes verify the chain; with the public ones only the name tells anything.
fn chain_or_full(root_cert: Option<&String>) -> Verify {
    if root_cert.is_some() {
        Verify::Chain
    } else {
        Verify::Full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ssl(query: &str) -> Ssl {
        Connection::parse(&format!("postgres://u:p@h/d{query}"))
            .unwrap()
            .ssl
    }

    #[test]
    fn sslmode_means_what_it_means_in_libpq() {
        for (query, mode, verify) in [
            ("", SslMode::Prefer, Verify::Full),
            ("?sslmode=disable", SslMode::Disable, Verify::Full),
            ("?sslmode=require", SslMode::Require, Verify::Full),
            (
                "?sslmode=require&sslrootcert=/ca.pem",
                SslMode::Require,
                Verify::Chain,
            ),
            (
                "?sslmode=verify-ca&sslrootcert=/ca.pem",
                SslMode::Require,
                Verify::Chain,
            ),
            (
                "?sslmode=verify-full&sslrootcert=/ca.pem",
                SslMode::Require,
                Verify::Full,
            ),
            ("?sslrootcert=system", SslMode::Require, Verify::Full),
        ] {
            assert_eq!(
                (ssl(query).mode, ssl(query).verify),
                (mode, verify),
                "{query}"
            );
        }
    }

    #[test]
    fn other_parameters_are_left_to_tokio_postgres() {
        let connection =
            Connection::parse("postgres://u@h/d?sslmode=disable&connect_timeout=7").unwrap();
        assert_eq!(
            connection.config.get_connect_timeout(),
            Some(&Duration::from_secs(7))
        );
    }

    #[test]
    fn a_bad_url_is_refused_without_repeating_it() {
        for url in [
            "",
            "postgres://u:hunter2@h/d?sslmode=maybe",
            "hunter2",
            "postgres://u:hunter2@h:x/d",
        ] {
            let error = Connection::parse(url).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
