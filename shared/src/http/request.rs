#[cfg(test)]
use lambda_http::Body;
use lambda_http::RequestExt;
use lambda_http::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, HOST};
use lambda_http::http::{HeaderMap, Method};
use lambda_http::request::RequestContext;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use url::Url;
use uuid::Uuid;

use super::Fields;
use crate::domain::{DeviceToken, Invalid, Language, cut};
use crate::error::{BadRequest, Error, FieldErrors, Result};

/// A request from API Gateway (payload 1.0 or 2.0).
#[derive(Debug)]
pub struct Request(lambda_http::Request);

impl From<lambda_http::Request> for Request {
    fn from(request: lambda_http::Request) -> Self {
        Self(request)
    }
}

impl Request {
    /// The largest body in bytes: four times the largest valid one (1000 ids, or 5000 escaped characters).
    pub const MAX_BODY: usize = 256 * 1024;

    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.0.headers()
    }

    /// Returns the room in the path.
    ///
    /// # Errors
    /// 404 for a value that is not a UUID.
    pub fn room_id(&self) -> Result<Uuid> {
        self.path_id("room_id")
    }

    /// Returns the message in the path.
    ///
    /// # Errors
    /// 404 for a value that is not a UUID.
    pub fn message_id(&self) -> Result<Uuid> {
        self.path_id("message_id")
    }

    /// Returns the report in the path.
    ///
    /// # Errors
    /// 404 for a value that is not a UUID.
    pub fn report_id(&self) -> Result<Uuid> {
        self.path_id("report_id")
    }

    /// Returns the user in the path.
    ///
    /// # Errors
    /// 404 for a value that is not a UUID.
    pub fn user_id(&self) -> Result<Uuid> {
        self.path_id("user_id")
    }

    fn path_id(&self, name: &str) -> Result<Uuid> {
        let parameters = self.0.path_parameters_ref();
        let id = parameters.and_then(|parameters| parameters.first(name)?.parse().ok());
        id.ok_or(Error::BadRequest(BadRequest::Path))
    }

    /// Returns the device in the path.
    ///
    /// # Errors
    /// 400 for an invalid token.
    pub fn device_token(&self) -> Result<DeviceToken> {
        let parameters = self.0.path_parameters_ref();
        let raw = parameters.and_then(|parameters| parameters.first("token"));
        // Some gateways decode the path, others do not; FCM's tokens never have a `%`.
        let token = percent_decode_str(raw.unwrap_or_default()).decode_utf8_lossy();
        DeviceToken::parse(&token)
            .map_err(|Invalid(reason)| BadRequest::Fields(FieldErrors::one("token", reason)).into())
    }

    #[must_use]
    pub fn query(&self) -> Fields {
        self.0
            .query_string_parameters_ref()
            .map(Fields::from_query)
            .unwrap_or_default()
    }

    /// Returns the fields of the body; a missing body has none.
    ///
    /// # Errors
    /// 413, 415, or 400 for a body that is not a JSON object.
    pub fn body(&self) -> Result<Fields> {
        let bytes: &[u8] = self.0.body();
        if bytes.len() > Self::MAX_BODY {
            return Err(BadRequest::TooLarge.into());
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Fields::from_body(Map::new()));
        }
        self.check_media_type()?;
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(values)) => Ok(Fields::from_body(values)),
            Ok(other) => {
                let reason = format!(
                    "Donnée non valide. Attendait un dictionnaire, a reçu {}.",
                    type_name(&other)
                );
                Err(BadRequest::Fields(FieldErrors::one(FieldErrors::NO_FIELD, reason)).into())
            }
            Err(error) => Err(BadRequest::Malformed(place(&error)).into()),
        }
    }

    /// Checks the content type. A body without one counts as JSON.
    fn check_media_type(&self) -> Result<()> {
        let Some(value) = self.headers().get(CONTENT_TYPE) else {
            return Ok(());
        };
        let value = value.to_str().unwrap_or_default();
        let essence = value
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        if essence == "application/json"
            || (essence.starts_with("application/") && essence.ends_with("+json"))
        {
            Ok(())
        } else {
            Err(BadRequest::MediaType(cut(&essence, 64).to_owned()).into())
        }
    }

    /// Returns the URL as the client called it, with the real host, the stage or base path, and the query.
    #[must_use]
    pub fn url(&self) -> Option<Url> {
        let headers = self.headers();
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let scheme = match header("x-forwarded-proto") {
            Some("https") => "https",
            _ => "http",
        };
        let context = self.0.request_context_ref();
        let host = header(HOST.as_str()).or_else(|| match context? {
            RequestContext::ApiGatewayV1(context) => context.domain_name.as_deref(),
            RequestContext::ApiGatewayV2(context) => context.domain_name.as_deref(),
            _ => None,
        })?;
        let path = match context {
            Some(RequestContext::ApiGatewayV1(context)) => context.path.as_deref(),
            Some(RequestContext::ApiGatewayV2(context)) => context.http.path.as_deref(),
            _ => None,
        };
        let mut url = Url::parse(&format!("{scheme}://{host}")).ok()?;
        url.set_path(path.unwrap_or_else(|| self.0.uri().path()));
        if let Some(RequestContext::ApiGatewayV2(_)) = context {
            url.set_query(self.0.uri().query());
        } else {
            url.query_pairs_mut().extend_pairs(self.sorted_query());
        }
        if url.query() == Some("") {
            url.set_query(None);
        }
        Some(url)
    }

    /// Returns the query of a REST API's event sorted by name, as in DRF's links. The event is a map: it loses the
    /// order of the names, but keeps the order of a name's values.
    fn sorted_query(&self) -> Vec<(&str, &str)> {
        let query = self.0.query_string_parameters_ref();
        let mut query: Vec<_> = query
            .map(|query| query.iter().collect())
            .unwrap_or_default();
        query.sort_by_key(|(name, _)| *name);
        query
    }

    /// Returns the language that the client prefers; French if it does not say.
    #[must_use]
    pub fn language(&self) -> Language {
        let header = self.headers().get(ACCEPT_LANGUAGE);
        let header = header.and_then(|value| value.to_str().ok());
        Language::preferred(header.unwrap_or_default())
    }

    /// Returns whether the response is sent without its body.
    #[must_use]
    pub fn is_head(&self) -> bool {
        self.0.method() == Method::HEAD
    }

    /// Returns the id of the request in API Gateway's access log, otherwise Lambda's, otherwise a new one.
    #[must_use]
    pub fn id(&self) -> String {
        let of_gateway = self
            .0
            .request_context_ref()
            .and_then(|context| match context {
                RequestContext::ApiGatewayV1(context) => context.request_id.as_deref(),
                RequestContext::ApiGatewayV2(context) => context.request_id.as_deref(),
                _ => None,
            });
        let of_lambda = || Some(self.0.lambda_context_ref()?.request_id.as_str());
        let id = of_gateway.filter(|id| !id.is_empty()).or_else(of_lambda);
        id.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned)
    }

    /// Returns the function's name; empty outside Lambda.
    #[must_use]
    pub fn function_name(&self) -> &str {
        self.0
            .lambda_context_ref()
            .map_or("", |context| &context.env_config.function_name)
    }

    #[cfg(test)]
    fn with_body(body: impl Into<Body>, content_type: Option<&str>) -> Self {
        let mut request = lambda_http::http::Request::builder();
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        Self(request.body(body.into()).unwrap_or_default())
    }
}

/// Returns the name of a JSON type in Python, as in DRF's messages.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// Returns the position at which JSON is malformed, without its text.
fn place(error: &serde_json::Error) -> String {
    format!("ligne {}, colonne {}", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(body: impl Into<Body>, content_type: Option<&str>) -> BadRequest {
        match Request::with_body(body, content_type).body() {
            Err(Error::BadRequest(bad)) => bad,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_body_that_is_not_json_is_malformed() {
        let deep = "[".repeat(100_000);
        for body in [
            "{",
            "{\"a\": 1e999}",
            "{\"a\": \"\\ud800\"}",
            "{'a': 1}",
            "{} {}",
            "\u{feff}{}",
            "NaN",
            &deep,
        ] {
            assert!(
                matches!(rejection(body, None), BadRequest::Malformed(_)),
                "{}",
                &body[..body.len().min(20)]
            );
        }
        assert!(matches!(
            rejection(vec![b'{', 0xff, b'}'], None),
            BadRequest::Malformed(_)
        ));
    }

    #[test]
    fn a_body_that_is_not_an_object_is_a_field_error() {
        for body in ["[]", "1", "null", "\"a\""] {
            assert!(
                matches!(rejection(body, None), BadRequest::Fields(_)),
                "{body}"
            );
        }
    }

    #[test]
    fn no_body_has_no_fields() {
        assert!(Request::with_body(" \n", Some("text/plain")).body().is_ok());
        assert!(Request::with_body((), None).body().is_ok());
    }

    #[test]
    fn a_body_must_be_json_by_its_type_and_not_too_large() {
        for good in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/merge-patch+json",
        ] {
            assert!(
                Request::with_body("{}", Some(good)).body().is_ok(),
                "{good}"
            );
        }
        assert!(matches!(
            rejection("{}", Some("text/plain")),
            BadRequest::MediaType(_)
        ));
        assert_eq!(
            rejection("x".repeat(Request::MAX_BODY + 1), None),
            BadRequest::TooLarge
        );
    }
}
