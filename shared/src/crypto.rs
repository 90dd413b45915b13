//! HMAC and RSA for `jsonwebtoken`, implemented with ring, which TLS already uses.

use std::borrow::Cow;
use std::sync::Once;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use ring::rand::SystemRandom;
use ring::{hmac, signature as asymmetric};
use signature::{Signer, Verifier};

/// Makes `jsonwebtoken` use ring, once per process.
pub fn install() {
    static INSTALL: Once = Once::new();
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| signer(*algorithm, key),
        verifier_factory: |algorithm, key| verifier(*algorithm, key),
        key_utils: KeyUtils::new_unimplemented(),
    };
    INSTALL.call_once(|| {
        // If another call was first, it has installed this same provider.
        let _ = PROVIDER.install_default();
    });
}

/// Returns a PEM with line feeds. Settings that hold one line have `\n` in their place.
pub fn pem_lines(text: &str) -> Cow<'_, str> {
    if text.contains("\\n") {
        Cow::Owned(text.replace("\\r", "").replace("\\n", "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Returns whether `key` can sign with RS256.
pub fn is_rsa_private(key: &EncodingKey) -> bool {
    RsaSigner::new(key).is_ok()
}

fn signer(algorithm: Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    if let Some(hash) = hash_of(algorithm) {
        expect_family(key.family(), AlgorithmFamily::Hmac)?;
        Ok(Box::new(Hmac::new(algorithm, hash, key.as_bytes())))
    } else if algorithm == Algorithm::RS256 {
        Ok(Box::new(RsaSigner::new(key)?))
    } else {
        Err(ErrorKind::InvalidAlgorithm.into())
    }
}

fn verifier(algorithm: Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    if let Some(hash) = hash_of(algorithm) {
        expect_family(key.family(), AlgorithmFamily::Hmac)?;
        let key = key.try_get_as_bytes()?;
        Ok(Box::new(Hmac::new(algorithm, hash, key)))
    } else if algorithm == Algorithm::RS256 {
        expect_family(key.family(), AlgorithmFamily::Rsa)?;
        Ok(Box::new(RsaVerifier(key.try_get_as_bytes()?.to_vec())))
    } else {
        Err(ErrorKind::InvalidAlgorithm.into())
    }
}

fn hash_of(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::HS256 => Some(hmac::HMAC_SHA256),
        Algorithm::HS384 => Some(hmac::HMAC_SHA384),
        Algorithm::HS512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}

/// Rejects a key of another family: a public RSA key must never be accepted as an HMAC key.
fn expect_family(of_key: AlgorithmFamily, expected: AlgorithmFamily) -> Result<()> {
    if of_key == expected {
        Ok(())
    } else {
        Err(ErrorKind::InvalidKeyFormat.into())
    }
}

struct Hmac {
    algorithm: Algorithm,
    key: hmac::Key,
}

impl Hmac {
    fn new(algorithm: Algorithm, hash: hmac::Algorithm, key: &[u8]) -> Self {
        Self {
            algorithm,
            key: hmac::Key::new(hash, key),
        }
    }
}

impl Signer<Vec<u8>> for Hmac {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(hmac::sign(&self.key, message).as_ref().to_vec())
    }
}

impl JwtSigner for Hmac {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for Hmac {
    fn verify(&self, message: &[u8], tag: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        hmac::verify(&self.key, message, tag).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Hmac {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// A public key in PKCS#1 DER.
struct RsaVerifier(Vec<u8>);

impl Verifier<Vec<u8>> for RsaVerifier {
    fn verify(&self, message: &[u8], sign: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        let algorithm = &asymmetric::RSA_PKCS1_2048_8192_SHA256;
        asymmetric::UnparsedPublicKey::new(algorithm, &self.0)
            .verify(message, sign)
            .map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for RsaVerifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

struct RsaSigner(asymmetric::RsaKeyPair);

impl RsaSigner {
    fn new(key: &EncodingKey) -> Result<Self> {
        expect_family(key.family(), AlgorithmFamily::Rsa)?;
        let pair = asymmetric::RsaKeyPair::from_der(key.as_bytes())
            .map_err(|rejected| ErrorKind::InvalidRsaKey(rejected.to_string()))?;
        Ok(Self(pair))
    }
}

impl Signer<Vec<u8>> for RsaSigner {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        let mut signed = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(
                &asymmetric::RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signed,
            )
            .map_err(|_| signature::Error::new())?;
        Ok(signed)
    }
}

impl JwtSigner for RsaSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}
