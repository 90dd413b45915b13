//! TLS for all outgoing connections: rustls with ring. Certificates are always verified.
//!
//! ring starts faster than aws-lc: in a fresh process aws-lc's first random number took 22 ms. Mozilla's roots are
//! compiled in (webpki-roots), since reading the system's took 3.9 ms.
//!
//! The private roots of Amazon RDS and Aurora, three per region, are compiled in as well (`shared/certs/rds-roots.pem`,
//! `make rds-roots`). Only those of one region are parsed.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// Which parts of a server's certificate are verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// The chain to a trusted root, and the host name: libpq's `verify-full`.
    Full,
    /// The chain to a trusted root: libpq's `verify-ca`.
    Chain,
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Returns Mozilla's roots.
#[must_use]
pub fn public_roots() -> RootCertStore {
    RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    }
}

/// The RDS roots in PEM. Each section begins with a line `# <region>`.
pub const RDS_ROOTS: &str = include_str!("../certs/rds-roots.pem");

/// Parses a region's certificates in `pem`, a file like [`RDS_ROOTS`]; `None` if the region has no section.
pub fn roots_of_region<'a>(
    pem: &'a str,
    region: &str,
) -> impl Iterator<Item = Result<CertificateDer<'static>, pem::Error>> + use<'a> {
    let heading = format!("{region}\n");
    let mut sections = pem.split("# ");
    let section = sections.find_map(|section| section.strip_prefix(&heading));
    CertificateDer::pem_slice_iter(section.unwrap_or_default().as_bytes())
}

/// Returns a client configuration that trusts `roots`.
///
/// # Errors
/// `roots` is empty or has an invalid certificate.
pub fn client(
    roots: RootCertStore,
    verify: Verify,
) -> Result<ClientConfig, Box<dyn std::error::Error + Send + Sync>> {
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?;
    let builder = match verify {
        Verify::Full => builder.with_root_certificates(roots),
        Verify::Chain => {
            let inner =
                WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(ChainOnly(inner)))
        }
    };
    Ok(builder.with_no_client_auth())
}

/// Verifies everything except the host name.
#[derive(Debug)]
struct ChainOnly(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for ChainOnly {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self
            .0
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        {
            // rustls checks the name last, so every other check has passed.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use x509_parser::prelude::{FromDer, X509Certificate};

    use super::*;

    fn regions() -> Vec<&'static str> {
        let headings = RDS_ROOTS.lines().filter_map(|line| line.strip_prefix("# "));
        headings.collect()
    }

    #[test]
    fn each_region_has_three_long_lived_rds_roots() {
        assert!(regions().len() >= 27, "{:?}", regions());
        for region in regions() {
            let roots: Vec<_> = roots_of_region(RDS_ROOTS, region)
                .map(Result::unwrap)
                .collect();
            assert_eq!(roots.len(), 3, "{region}");
            for der in &roots {
                let (_, root) = X509Certificate::from_der(der).unwrap();
                assert!(root.is_ca(), "{region}");
                assert!(
                    root.subject()
                        .to_string()
                        .contains(&format!("CN=Amazon RDS {region} Root CA"))
                );
                let years = root.validity().time_to_expiration().unwrap();
                assert!(years.whole_days() > 30 * 365, "{region}");
            }
            let mut store = RootCertStore::empty();
            assert_eq!(store.add_parsable_certificates(roots), (3, 0), "{region}");
        }
    }

    #[test]
    fn a_region_without_a_section_has_no_rds_roots() {
        for region in ["", "eu-west", "us-gov-west-1", "cn-north-1"] {
            assert_eq!(roots_of_region(RDS_ROOTS, region).count(), 0, "{region}");
        }
    }
}
