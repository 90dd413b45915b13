//! HS256 and RS256 for `jsonwebtoken`, by ring: the cryptography that TLS has brought along already.

use std::sync::Once;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use ring::rand::SystemRandom;
use ring::{hmac, signature as asymmetric};
use signature::{Signer, Verifier};

/// Makes `jsonwebtoken` use ring, once per process.
pub fn install() {
    static INSTALL: Once = Once::new();
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| match algorithm {
            Algorithm::HS256 => Ok(Box::new(Hs256(hmac_key(key.family(), key.as_bytes())?))),
            Algorithm::RS256 => Ok(Box::new(Rs256::new(key)?)),
            _ => Err(ErrorKind::InvalidAlgorithm.into()),
        },
        verifier_factory: |algorithm, key: &DecodingKey| match algorithm {
            Algorithm::HS256 => Ok(Box::new(Hs256(hmac_key(
                key.family(),
                key.try_get_as_bytes()?,
            )?))),
            _ => Err(ErrorKind::InvalidAlgorithm.into()),
        },
        key_utils: KeyUtils::new_unimplemented(),
    };
    INSTALL.call_once(|| {
        // The first of two is as good as the second: both are this one.
        let _ = PROVIDER.install_default();
    });
}

fn hmac_key(family: AlgorithmFamily, secret: &[u8]) -> Result<hmac::Key, Error> {
    if family == AlgorithmFamily::Hmac {
        Ok(hmac::Key::new(hmac::HMAC_SHA256, secret))
    } else {
        Err(ErrorKind::InvalidKeyFormat.into())
    }
}

struct Hs256(hmac::Key);

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        hmac::verify(&self.0, message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

struct Rs256(asymmetric::RsaKeyPair);

impl Rs256 {
    fn new(key: &EncodingKey) -> Result<Self, Error> {
        if key.family() != AlgorithmFamily::Rsa {
            return Err(ErrorKind::InvalidKeyFormat.into());
        }
        let pair = asymmetric::RsaKeyPair::from_der(key.as_bytes())
            .map_err(|rejected| ErrorKind::InvalidRsaKey(rejected.to_string()))?;
        Ok(Self(pair))
    }
}

impl Signer<Vec<u8>> for Rs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
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

impl JwtSigner for Rs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}
