//! Parses `DATABASE_URL` as libpq does, and sets up TCP and TLS.

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

/// The TCP connect timeout. It is short, since after a failover the name soon resolves to another host.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The time after which a connection with unacknowledged data or probes counts as dead.
const DEAD_AFTER: Duration = Duration::from_secs(2);

/// The tokio-postgres configuration, and the TLS settings of `sslmode` and `sslrootcert`.
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

/// The trusted certificate authorities.
#[derive(Debug, PartialEq)]
pub(super) enum Roots {
    /// Only those of the PEM file in `sslrootcert`.
    File(String),
    /// The public roots, which RDS Proxy uses, and the region's Amazon RDS roots in `pem`.
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
    /// Parses a `postgres://` URL.
    ///
    /// `sslmode` and `sslrootcert` have libpq's meaning with one exception: whenever TLS is used, the chain is
    /// verified. In libpq, `prefer` and `require` accept any certificate.
    ///
    /// # Errors
    /// The URL is invalid. The error does not quote it, since it holds a password.
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
            // As in libpq: anyone can get a certificate from a public root, so the host name must be verified too.
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
        // A host that goes down during a statement sends nothing. Only unanswered probes reveal it.
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

    /// Replaces the trusted roots.
    #[cfg(test)]
    pub(super) fn trust(&mut self, roots: Roots) {
        self.ssl.roots = roots;
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the TLS connector for `sslmode` and `sslrootcert`.
    ///
    /// # Errors
    /// The file of root certificates cannot be read.
    pub fn tls(&self) -> Result<MakeRustlsConnect, BoxError> {
        let config = tls::client(self.ssl.roots.load()?, self.ssl.verify)?;
        Ok(MakeRustlsConnect::new(config))
    }

    /// Opens a connection outside the pool, for work that needs its own session.
    ///
    /// # Errors
    /// The server cannot be reached or rejects the connection.
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

/// With private roots, libpq's weaker modes verify the chain. With public roots, only the host name identifies the
/// server.
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
    fn sslmode_has_libpqs_meaning() {
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
    fn other_parameters_are_passed_to_tokio_postgres() {
        let connection =
            Connection::parse("postgres://u@h/d?sslmode=disable&connect_timeout=7").unwrap();
        assert_eq!(
            connection.config.get_connect_timeout(),
            Some(&Duration::from_secs(7))
        );
    }

    #[test]
    fn an_invalid_url_is_rejected_without_being_quoted() {
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
