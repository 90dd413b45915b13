use jsonwebtoken::{Algorithm, DecodingKey, TokenData, Validation, decode};

use super::bearer::Claims;
use crate::crypto;

/// A key that verifies tokens of one algorithm, so that a token cannot choose another.
///
/// It has no `Debug`, so that it cannot end up in a log. [`JwtKey::parse`] is the only constructor, so that no weak key
/// exists: HMAC accepts an empty key, with which anyone can sign.
pub struct JwtKey {
    key: DecodingKey,
    validation: Validation,
}

/// Why a text is not a usable key. It never quotes the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Too short for HMAC.
    #[error(
        "the key has fewer than {} bytes (RFC 7518, section 3.2)",
        JwtKey::HMAC_BYTES
    )]
    Short,
    /// Not a public RSA key.
    #[error("a public RSA key in PEM was expected")]
    NotRsaPublic,
    /// A public RSA key that is too short.
    #[error("the RSA key has fewer than {} bits (RFC 7518, section 3.3)", JwtKey::RSA_BYTES * 8)]
    ShortRsa,
    /// An algorithm that is not offered.
    #[error("the algorithm is not one of HS256, HS384, HS512 and RS256")]
    Algorithm,
}

/// Why a token does not verify.
pub(super) enum Unverified {
    /// Signed with another key: forged, or newer than this key.
    Signature,
    /// Malformed, or of another algorithm.
    Malformed,
}

impl JwtKey {
    /// The length of a SHA-256 digest. HS384 and HS512 have the same minimum, although RFC 7518 asks for 48 and 64
    /// bytes: Django's `SECRET_KEY` has 50 characters, and 32 random bytes cannot be guessed.
    const HMAC_BYTES: usize = 32;
    const RSA_BYTES: usize = 256;

    /// Parses an HMAC key (the bytes of `text`) or a public RSA key (PEM, PKCS#1 or SPKI, with line feeds or `\n`).
    ///
    /// # Errors
    /// See [`InvalidKey`].
    pub fn parse(algorithm: Algorithm, text: &str) -> Result<Self, InvalidKey> {
        let key = match algorithm {
            // White space at the ends does not make a key harder to guess.
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512
                if text.trim().len() < Self::HMAC_BYTES =>
            {
                return Err(InvalidKey::Short);
            }
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
                DecodingKey::from_secret(text.as_bytes())
            }
            Algorithm::RS256 => rsa_public(text)?,
            _ => return Err(InvalidKey::Algorithm),
        };
        // The caller checks the claims: the library has a leeway of one minute and accepts an `exp` of the current
        // second.
        let mut validation = Validation::new(algorithm);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Ok(Self { key, validation })
    }

    /// Returns the claims of a token that this key has signed.
    pub(super) fn verify(&self, token: &str) -> Result<Claims, Unverified> {
        use jsonwebtoken::errors::ErrorKind;

        crypto::install();
        match decode(token, &self.key, &self.validation) {
            Ok(TokenData { claims, .. }) => Ok(claims),
            Err(error) if *error.kind() == ErrorKind::InvalidSignature => {
                Err(Unverified::Signature)
            }
            Err(_) => Err(Unverified::Malformed),
        }
    }
}

fn rsa_public(text: &str) -> Result<DecodingKey, InvalidKey> {
    let pem = crypto::pem_lines(text);
    // The library also parses private keys and certificates, but cannot verify with them.
    if !pem.contains("PUBLIC KEY-----") {
        return Err(InvalidKey::NotRsaPublic);
    }
    let key = DecodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| InvalidKey::NotRsaPublic)?;
    // `RSAPublicKey` in DER: the modulus, and a few bytes for the exponent and the lengths.
    let der = key
        .try_get_as_bytes()
        .map_err(|_| InvalidKey::NotRsaPublic)?;
    if der.len() < JwtKey::RSA_BYTES {
        return Err(InvalidKey::ShortRsa);
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_key_is_rejected_for_every_hmac_algorithm() {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            for text in [
                "",
                " ",
                "x",
                &"x".repeat(31),
                &format!("x{}", " ".repeat(40)),
            ] {
                let rejected = JwtKey::parse(algorithm, text).err();
                assert_eq!(rejected, Some(InvalidKey::Short), "{algorithm:?} {text:?}");
            }
            assert!(JwtKey::parse(algorithm, &"x".repeat(32)).is_ok());
        }
    }

    #[test]
    fn an_rsa_key_is_public_and_has_2048_bits() {
        let expect = |text: &str, expected| {
            assert_eq!(JwtKey::parse(Algorithm::RS256, text).err(), expected);
        };
        let good = include_str!("testing/rsa-2048-public.pem");
        expect(good, None);
        expect(&good.replace('\n', "\\n"), None);
        expect(
            include_str!("testing/rsa-1024-public.pem"),
            Some(InvalidKey::ShortRsa),
        );
        for text in [
            "",
            "an HMAC key that is long enough for any algorithm",
            &good.replace("PUBLIC KEY", "PRIVATE KEY"),
            include_str!("testing/ec-public.pem"),
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        ] {
            expect(text, Some(InvalidKey::NotRsaPublic));
        }
    }

    #[test]
    fn other_algorithms_are_not_offered() {
        for algorithm in [Algorithm::RS384, Algorithm::ES256, Algorithm::EdDSA] {
            let rejected = JwtKey::parse(algorithm, &"x".repeat(64)).err();
            assert_eq!(rejected, Some(InvalidKey::Algorithm), "{algorithm:?}");
        }
    }
}
