//! Signs uploads to Cloudinary, so that a phone can upload one photo to a fixed place.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use reqwest::RequestBuilder;
use ring::digest;
use serde::Serialize;
use url::Url;
use uuid::Uuid;

use crate::http_client::HttpClient;

/// A Cloudinary account, from the URL that Cloudinary's SDKs use:
/// `cloudinary://key:secret@cloud`. The options are `signature_algorithm` (`sha1`, or `sha256` for an account that
/// requires it) and `upload_prefix` (another data centre, `https://api-eu.cloudinary.com`).
/// It has no `Debug`, so that it cannot appear in a log.
pub struct Cloudinary {
    cloud_name: String,
    api_key: String,
    api_secret: String,
    upload_prefix: String,
    algorithm: &'static digest::Algorithm,
}

/// What a phone needs to upload one photo.
#[derive(Debug, Serialize)]
pub struct SignedUpload {
    /// The URL to POST to, as `multipart/form-data`: all fields unchanged, and the photo as `file`.
    pub upload_url: String,
    /// All but `api_key` are signed, so none can be changed, omitted or added.
    pub fields: BTreeMap<&'static str, String>,
    /// The largest photo in bytes. The phone must respect it: Cloudinary has no such parameter.
    pub max_bytes: u64,
    /// The lifetime of the signature in seconds.
    pub expires_in: i64,
}

impl Cloudinary {
    /// The limit of Cloudinary's smallest plan.
    const MAX_BYTES: u64 = 10 * 1024 * 1024;
    /// The formats that phones produce and browsers show.
    const FORMATS: &str = "jpg,png,webp,heic";
    /// Cloudinary scales larger photos down to this.
    const KEPT: &str = "c_limit,h_2560,w_2560";
    /// The size for the chat, produced at once: its URL is in the response to the upload.
    const CHAT_SIZE: &str = "c_limit,h_1280,w_1280/q_auto/f_jpg";
    /// How long a phone has to start its upload, in seconds.
    const LIFE: i64 = 600;
    /// How long Cloudinary accepts a signature, in seconds after its `timestamp`.
    const ACCEPTED: i64 = 3600;

    /// Parses the URL. An error never quotes it.
    ///
    /// # Errors
    /// The URL is malformed, incomplete, or has an unknown option.
    pub fn parse(raw: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "cloudinary://key:secret@cloud was expected";
        let url = Url::parse(raw.trim()).map_err(|_| EXPECTED)?;
        let (api_key, api_secret) = (url.username(), url.password().unwrap_or_default());
        let cloud_name = url.host_str().unwrap_or_default();
        if url.scheme() != "cloudinary" || [api_key, api_secret, cloud_name].contains(&"") {
            return Err(EXPECTED);
        }
        let option = |name| url.query_pairs().find(|(key, _)| key == name);
        let algorithm = match option("signature_algorithm").as_ref().map(|(_, it)| &**it) {
            None | Some("sha1") => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Some("sha256") => &digest::SHA256,
            Some(_) => return Err("signature_algorithm is sha1 or sha256"),
        };
        let upload_prefix = match option("upload_prefix") {
            None => "https://api.cloudinary.com".to_owned(),
            Some((_, prefix)) if prefix.starts_with("https://") => {
                prefix.trim_end_matches('/').to_owned()
            }
            Some(_) => return Err("upload_prefix is an https URL"),
        };
        Ok(Self {
            cloud_name: cloud_name.to_owned(),
            api_key: api_key.to_owned(),
            api_secret: api_secret.to_owned(),
            upload_prefix,
            algorithm,
        })
    }

    /// Returns a request that Cloudinary's Admin API accepts if cloud name, key and secret belong together. The request
    /// changes nothing.
    pub fn ping(&self, client: &HttpClient) -> RequestBuilder {
        let url = format!("{}/v1_1/{}/ping", self.upload_prefix, self.cloud_name);
        client
            .get()
            .get(url)
            .basic_auth(&self.api_key, Some(&self.api_secret))
    }

    /// Signs an upload of one photo of a room; `now` is in seconds since 1970.
    ///
    /// The `public_id` contains the room, and is the path of the photo's URL in all accounts. The parameter `folder`
    /// does not work for this: accounts created since June 2024 have dynamic folders, which are not part of the id
    /// (<https://cloudinary.com/documentation/folder_modes>).
    ///
    /// The photo's name is random and nothing is overwritten, so a signature that is used twice changes nothing.
    /// Cloudinary accepts a signature for an hour. The timestamp is in the past, so that only [`Self::LIFE`] remains.
    #[must_use]
    pub fn sign_upload(&self, room_id: Uuid, photo_id: Uuid, now: i64) -> SignedUpload {
        let mut fields = BTreeMap::from([
            ("allowed_formats", Self::FORMATS.to_owned()),
            ("eager", Self::CHAT_SIZE.to_owned()),
            ("overwrite", "false".to_owned()),
            ("public_id", format!("relais/{room_id}/{photo_id}")),
            ("timestamp", (now - Self::ACCEPTED + Self::LIFE).to_string()),
            ("transformation", Self::KEPT.to_owned()),
        ]);
        let signature = self.sign(&fields);
        fields.insert("signature", signature);
        fields.insert("api_key", self.api_key.clone());
        SignedUpload {
            upload_url: format!(
                "{}/v1_1/{}/image/upload",
                self.upload_prefix, self.cloud_name
            ),
            fields,
            max_bytes: Self::MAX_BYTES,
            expires_in: Self::LIFE,
        }
    }

    /// Signs parameters: <https://cloudinary.com/documentation/authentication_signatures>. A value
    /// must not contain `&`, which would end it; ours contain none.
    fn sign(&self, parameters: &BTreeMap<&'static str, String>) -> String {
        let sorted: Vec<_> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let signed = sorted.join("&") + &self.api_secret;
        let mut hexadecimal = String::new();
        for byte in digest::digest(self.algorithm, signed.as_bytes()).as_ref() {
            let _ = write!(hexadecimal, "{byte:02x}");
        }
        hexadecimal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(url: &str, parameters: &[(&'static str, &str)]) -> String {
        let parameters = parameters
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        Cloudinary::parse(url).unwrap().sign(&parameters.collect())
    }

    #[test]
    fn it_signs_as_in_cloudinarys_published_examples() {
        // cloudinary.com/documentation/authentication_signatures
        let documented = [
            ("timestamp", "1315060510"),
            ("public_id", "sample_image"),
            ("eager", "w_400,h_300,c_pad|w_260,h_200,c_crop"),
        ];
        assert_eq!(
            signature("cloudinary://1234:abcd@demo", &documented),
            "bfd09f95f331f558cbd1320e67aa8d488770583e"
        );
        // support.cloudinary.com/hc/en-us/articles/203817991
        assert_eq!(
            signature("cloudinary://1234:abcd@demo", &documented[..2]),
            "b4ad47fb4e25c7bf5f92a20089f9db59bc302313"
        );
        // test_api_sign_request_sha256 of Cloudinary's SDK for Python, and the same in those for PHP and Node
        let account =
            "cloudinary://1234:hdcixPpR2iKERPwqvH6sHdK9cyac@demo?signature_algorithm=sha256";
        let parameters = [
            ("cloud_name", "dn6ot3ged"),
            ("timestamp", "1568810420"),
            ("username", "user@cloudinary.com"),
        ];
        assert_eq!(
            signature(account, &parameters),
            "45ddaa4fa01f0c2826f32f669d2e4514faf275fe6df053f1a150e7beae58a3bd"
        );
    }

    #[test]
    fn everything_but_the_key_is_signed_and_nothing_can_end_a_value() {
        let cloudinary = Cloudinary::parse("cloudinary://1234:abcd@demo").unwrap();
        let upload = cloudinary.sign_upload(Uuid::nil(), Uuid::max(), 1_315_060_510);
        let mut signed = upload.fields.clone();
        let signature = signed.remove("signature").unwrap();
        assert_eq!(signed.remove("api_key").unwrap(), "1234");
        assert_eq!(signature, cloudinary.sign(&signed));
        assert_eq!(
            signed["public_id"],
            format!("relais/{}/{}", Uuid::nil(), Uuid::max())
        );
        assert!(!signed.contains_key("folder"));
        assert!(
            signed
                .values()
                .all(|value| !value.contains('&') && !value.contains("abcd"))
        );
        assert_eq!(
            upload.upload_url,
            "https://api.cloudinary.com/v1_1/demo/image/upload"
        );
    }

    #[test]
    fn a_signature_is_valid_for_ten_minutes() {
        let cloudinary = Cloudinary::parse("cloudinary://1234:abcd@demo").unwrap();
        let upload = cloudinary.sign_upload(Uuid::nil(), Uuid::max(), 10_000);
        let timestamp: i64 = upload.fields["timestamp"].parse().unwrap();
        assert_eq!((timestamp + 3600, upload.expires_in), (10_600, 600));
    }

    #[test]
    fn a_ping_goes_to_the_admin_api_with_key_and_secret() {
        let cloudinary = Cloudinary::parse("cloudinary://1234:abcd@demo").unwrap();
        let request = cloudinary.ping(&HttpClient::default()).build().unwrap();
        assert_eq!(
            request.url().as_str(),
            "https://api.cloudinary.com/v1_1/demo/ping"
        );
        assert_eq!(request.headers()["authorization"], "Basic MTIzNDphYmNk");
    }

    #[test]
    fn a_url_that_lacks_a_part_is_rejected_without_being_quoted() {
        for raw in [
            "",
            "demo",
            "https://1234:hunter2@demo",
            "cloudinary://1234:hunter2@",
            "cloudinary://:hunter2@demo",
            "cloudinary://1234@demo",
            "cloudinary://1234:hunter2@demo?signature_algorithm=md5",
            "cloudinary://1234:hunter2@demo?upload_prefix=http://a.ci",
        ] {
            assert!(
                !Cloudinary::parse(raw).err().unwrap().contains("hunter2"),
                "{raw}"
            );
        }
    }

    #[test]
    fn another_data_centre_is_selected_as_in_the_sdks() {
        let url = "cloudinary://1234:abcd@demo?upload_prefix=https://api-eu.cloudinary.com/";
        let upload = Cloudinary::parse(url)
            .unwrap()
            .sign_upload(Uuid::nil(), Uuid::max(), 0);
        assert_eq!(
            upload.upload_url,
            "https://api-eu.cloudinary.com/v1_1/demo/image/upload"
        );
    }
}
