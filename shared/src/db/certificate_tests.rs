//! Tests certificate chains like Amazon RDS's in front of a real PostgreSQL.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::connection::{Connection, Roots};
use super::pool::Pool;
use super::query_error::describe;

const REGION: &str = "test-region-1";

/// A root, an intermediate and a leaf certificate for `localhost`, as RDS has them.
struct Chain {
    root: String,
    intermediate: rcgen::Certificate,
    leaf: CertificateDer<'static>,
    key: KeyPair,
}

impl Chain {
    fn new() -> Self {
        let authority = |name: &str| {
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.distinguished_name.push(DnType::CommonName, name);
            params
        };
        let keys = [(); 3].map(|()| KeyPair::generate().unwrap());
        let [root_key, intermediate_key, key] = keys;
        let root_params = authority(&format!("Root CA {}", uuid::Uuid::new_v4()));
        let root = root_params.self_signed(&root_key).unwrap().pem();
        let root_issuer = Issuer::new(root_params, root_key);
        let params = authority("Subordinate CA");
        let intermediate = params.signed_by(&intermediate_key, &root_issuer).unwrap();
        let leaf = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &Issuer::new(params, intermediate_key));
        let leaf = leaf.unwrap().der().clone();
        Self {
            root,
            intermediate,
            leaf,
            key,
        }
    }

    /// Serves TLS in front of the tests' PostgreSQL with the leaf and, if requested, its intermediate. Returns the URL.
    async fn serve(&self, with_intermediate: bool) -> String {
        let intermediate = with_intermediate.then(|| self.intermediate.der().clone());
        let certificates = [self.leaf.clone()]
            .into_iter()
            .chain(intermediate)
            .collect();
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let mut url = Url::parse(&std::env::var("TEST_DATABASE_URL").unwrap()).unwrap();
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let listener = TcpListener::bind("localhost:0").await.unwrap();
        url.set_host(Some("localhost")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port()))
            .unwrap();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (acceptor, server) = (acceptor.clone(), server.clone());
                tokio::spawn(async move {
                    let mut ssl_request = [0; 8];
                    client.read_exact(&mut ssl_request).await?;
                    client.write_all(b"S").await?;
                    let mut client = acceptor.accept(client).await?;
                    let mut server = TcpStream::connect(server).await?;
                    copy_bidirectional(&mut client, &mut server).await
                });
            }
        });
        url.into()
    }

    /// Connects as a function in a region with this chain's root.
    async fn connect(&self, url: &str, sslmode: &str) -> Result<(), String> {
        let section: &'static str = Box::leak(format!("# {REGION}\n{}", self.root).into());
        let mut connection = Connection::parse(&format!("{url}?sslmode={sslmode}")).unwrap();
        connection.trust(Roots::BuiltIn {
            pem: section,
            region: Some(REGION.to_owned()),
        });
        try_connect(&connection).await
    }
}

async fn try_connect(connection: &Connection) -> Result<(), String> {
    match Pool::open(connection, 1).unwrap().get().await {
        Ok(unused) => {
            unused.finish();
            Ok(())
        }
        Err(error) => Err(describe(&error)),
    }
}

#[tokio::test]
async fn a_chain_to_the_rds_root_of_the_region_is_trusted() {
    let chain = Chain::new();
    let url = chain.serve(true).await;
    for sslmode in ["prefer", "require", "verify-ca", "verify-full"] {
        assert_eq!(chain.connect(&url, sslmode).await, Ok(()), "{sslmode}");
    }
}

#[tokio::test]
async fn the_rds_roots_of_another_region_are_not_trusted_and_the_error_names_sslrootcert() {
    let url = Chain::new().serve(true).await;
    let error = Chain::new().connect(&url, "verify-full").await.unwrap_err();
    assert!(error.contains("sslrootcert"), "{error}");
    assert!(error.contains("AWS_REGION"), "{error}");
}

#[tokio::test]
async fn a_leaf_without_its_intermediate_needs_an_sslrootcert_that_has_it() {
    let chain = Chain::new();
    let url = chain.serve(false).await;
    let error = chain.connect(&url, "verify-full").await.unwrap_err();
    assert!(
        error.contains("sslrootcert") && error.contains("intermediate"),
        "{error}"
    );

    let file = std::env::temp_dir().join(format!("relais-{}.pem", uuid::Uuid::new_v4()));
    std::fs::write(&file, chain.root.clone() + &chain.intermediate.pem()).unwrap();
    let url = format!("{url}?sslmode=verify-full&sslrootcert={}", file.display());
    let connected = try_connect(&Connection::parse(&url).unwrap()).await;
    std::fs::remove_file(&file).unwrap();
    assert_eq!(connected, Ok(()));
}

#[tokio::test]
async fn a_certificate_for_another_host_is_not_trusted_by_verify_full() {
    let chain = Chain::new();
    let url = chain.serve(true).await.replace("localhost", "127.0.0.1");
    let error = chain.connect(&url, "verify-full").await.unwrap_err();
    assert!(error.contains("host's name"), "{error}");
    assert_eq!(chain.connect(&url, "verify-ca").await, Ok(()));
}
