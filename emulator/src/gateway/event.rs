use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lambda_events::event::apigw::{
    ApiGatewayProxyRequest, ApiGatewayProxyRequestContext, ApiGatewayRequestIdentity,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Bytes;
use hyper::header::{HeaderMap, HeaderValue, USER_AGENT};
use hyper::http::request::Parts;
use serde_json::Value;

/// The stage in the events. Local URLs have no stage, like those of an API with a custom domain.
const STAGE: &str = "local";

/// The request's properties outside of its head and body.
pub struct Origin<'a> {
    pub request_id: &'a str,
    pub resource: &'a str,
    pub parameters: HashMap<String, String>,
    pub source_ip: IpAddr,
}

/// Returns the event of a REST API's proxy integration (payload 1.0).
///
/// # Errors
/// If a header is not UTF-8.
pub fn event_of(
    head: &Parts,
    body: &Bytes,
    origin: Origin<'_>,
) -> Result<Bytes, serde_json::Error> {
    let headers = headers_of(&head.headers, &origin);
    let domain = headers
        .get("host")
        .and_then(|it| it.to_str().ok())
        .map(str::to_owned);
    let text = |it: &str| Some(it.to_owned());
    let query = Query::of(head.uri.query().unwrap_or_default());

    let mut identity = ApiGatewayRequestIdentity::default();
    identity.source_ip = Some(origin.source_ip.to_string());
    identity.user_agent = headers
        .get(USER_AGENT)
        .and_then(|it| it.to_str().ok())
        .map(str::to_owned);
    let mut context = ApiGatewayProxyRequestContext::default();
    context.account_id = text("000000000000");
    context.apiid = text("local");
    context.domain_name = domain.map(|it| it.split(':').next().unwrap_or_default().to_owned());
    context.http_method = head.method.clone();
    context.identity = identity;
    context.path = text(head.uri.path());
    context.protocol = Some(format!("{:?}", head.version));
    context.request_id = text(origin.request_id);
    context.request_time_epoch = milliseconds_since_1970();
    context.resource_id = text("local");
    context.resource_path = text(origin.resource);
    context.stage = text(STAGE);

    let mut event = ApiGatewayProxyRequest::default();
    event.resource = text(origin.resource);
    event.path = text(head.uri.path());
    event.http_method = head.method.clone();
    event.headers = last_of(&headers);
    event.multi_value_headers = headers;
    event.path_parameters = origin.parameters;
    event.request_context = context;
    match std::str::from_utf8(body) {
        Ok("") => {}
        Ok(body) => event.body = text(body),
        Err(_) => {
            event.body = Some(STANDARD.encode(body));
            event.is_base64_encoded = true;
        }
    }
    let mut event = serde_json::to_value(event)?;
    // The types of the crate parse these fields, but serialize the first value of a repeated name instead of the
    // last.
    event["queryStringParameters"] = serde_json::to_value(query.last())?;
    event["multiValueQueryStringParameters"] = serde_json::to_value(query.all())?;
    for nullable in ["pathParameters", "stageVariables"] {
        if event[nullable]
            .as_object()
            .is_some_and(serde_json::Map::is_empty)
        {
            event[nullable] = Value::Null;
        }
    }
    serde_json::to_vec(&event).map(Bytes::from)
}

fn headers_of(headers: &HeaderMap, origin: &Origin<'_>) -> HeaderMap {
    let mut headers = headers.clone();
    let port = headers
        .get("host")
        .and_then(|it| it.to_str().ok()?.rsplit_once(':').map(|it| it.1.to_owned()));
    let hex = origin.request_id.replace('-', "");
    for (name, value) in [
        (
            "x-amzn-trace-id",
            format!("Root=1-{}-{}", &hex[..8], &hex[8..]),
        ),
        ("x-forwarded-for", origin.source_ip.to_string()),
        ("x-forwarded-port", port.unwrap_or_else(|| "80".to_owned())),
        ("x-forwarded-proto", "http".to_owned()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    headers
}

fn last_of(headers: &HeaderMap) -> HeaderMap {
    let last = |name| headers.get_all(name).iter().next_back();
    headers
        .keys()
        .filter_map(|name| Some((name.clone(), last(name)?.clone())))
        .collect()
}

/// The parameters of a query, in the order of their first occurrence.
struct Query(Vec<(String, Vec<String>)>);

impl Query {
    fn of(query: &str) -> Self {
        let mut grouped: Vec<(String, Vec<String>)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match grouped.iter_mut().find(|(it, _)| *it == name) {
                Some((_, values)) => values.push(value.into_owned()),
                None => grouped.push((name.into_owned(), vec![value.into_owned()])),
            }
        }
        Self(grouped)
    }

    /// Returns `None`, which serializes as `null`, if there are no parameters.
    fn all(&self) -> Option<HashMap<&str, &[String]>> {
        let all = self
            .0
            .iter()
            .map(|(name, values)| (name.as_str(), values.as_slice()));
        (!self.0.is_empty()).then(|| all.collect())
    }

    fn last(&self) -> Option<HashMap<&str, &String>> {
        let last = self
            .0
            .iter()
            .filter_map(|(name, values)| Some((name.as_str(), values.last()?)));
        (!self.0.is_empty()).then(|| last.collect())
    }
}

fn milliseconds_since_1970() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or_default()
}
