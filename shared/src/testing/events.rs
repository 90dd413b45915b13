use std::collections::BTreeMap;

use serde_json::{Value, json};

/// API Gateway's event formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// 1.0: REST APIs, as in the template.
    V1,
    /// 2.0: HTTP APIs and `cargo lambda watch`.
    V2,
}

/// A request to a function.
#[derive(Debug, Clone)]
pub struct Call {
    pub(super) payload: Payload,
    method: &'static str,
    path: String,
    parameter: Option<(&'static str, String)>,
    query: Vec<(String, String)>,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl Call {
    /// Creates a GET of a path below `/api/v1/chat`.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// Creates a HEAD of a path below `/api/v1/chat`.
    #[must_use]
    pub fn head(path: &str) -> Self {
        Self::new("HEAD", path)
    }

    /// Creates a POST to a path below `/api/v1/chat`.
    #[must_use]
    pub fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    /// Creates a PUT of a path below `/api/v1/chat`.
    #[must_use]
    pub fn put(path: &str) -> Self {
        Self::new("PUT", path)
    }

    /// Creates a PATCH of a path below `/api/v1/chat`.
    #[must_use]
    pub fn patch(path: &str) -> Self {
        Self::new("PATCH", path)
    }

    /// Creates a DELETE of a path below `/api/v1/chat`.
    #[must_use]
    pub fn delete(path: &str) -> Self {
        Self::new("DELETE", path)
    }

    fn new(method: &'static str, path: &str) -> Self {
        let path = format!("/api/v1/chat{path}");
        // The path parameters of `/rooms/{room_id}/…`, `/devices/{token}`, `/messages/{message_id}` and
        // `/users/{user_id}/…`.
        let parameter = [
            ("/rooms/", "room_id"),
            ("/devices/", "token"),
            ("/messages/", "message_id"),
            ("/reports/", "report_id"),
            ("/blocks/", "user_id"),
            ("/users/", "user_id"),
        ]
        .into_iter()
        .find_map(|(before, name)| {
            let (_, rest) = path.split_once(before)?;
            let value = rest.split('/').next()?;
            Some((name, value.to_owned())).filter(|_| !value.is_empty())
        });
        let host = ("host", "chat.relais.example".to_owned());
        let proto = ("x-forwarded-proto", "https".to_owned());
        Self {
            payload: Payload::V1,
            method,
            path,
            parameter,
            query: vec![],
            headers: vec![host, proto],
            body: None,
        }
    }

    /// Sets the event format.
    #[must_use]
    pub fn payload(mut self, payload: Payload) -> Self {
        self.payload = payload;
        self
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds a JSON body.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a json!() in place reads best"
    )]
    pub fn json(self, body: Value) -> Self {
        self.header("content-type", "application/json")
            .raw(body.to_string())
    }

    /// Adds a body without encoding it.
    #[must_use]
    pub fn raw(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Returns the event that API Gateway sends: behind a stage in 1.0, on the default stage in 2.0.
    pub(super) fn event(&self) -> Value {
        let headers: Value = self
            .headers
            .iter()
            .map(|(name, value)| (*name, json!(value)))
            .collect();
        let parameter = self.parameter.as_ref();
        let parameters = parameter.map(|(name, value)| json!({ *name: value }));
        match self.payload {
            Payload::V1 => json!({
                "resource": "/api/v1/chat/{proxy+}",
                "path": self.path,
                "httpMethod": self.method,
                "headers": headers,
                "multiValueHeaders": headers.as_object().map(|all| {
                    all.iter().map(|(name, value)| (name.clone(), json!([value]))).collect::<Value>()
                }),
                "queryStringParameters": self.query_object(),
                "multiValueQueryStringParameters": self.query_lists(),
                "pathParameters": parameters,
                "stageVariables": null,
                "requestContext": {
                    "accountId": "123456789012", "apiId": "abc", "stage": "prod", "requestId": "r",
                    "resourceId": "x", "resourcePath": "/", "httpMethod": self.method, "protocol": "HTTP/1.1",
                    "path": format!("/prod{}", self.path), "domainName": "chat.relais.example",
                    "identity": { "sourceIp": "192.0.2.1" },
                },
                "body": self.body,
                "isBase64Encoded": false,
            }),
            Payload::V2 => json!({
                "version": "2.0",
                "routeKey": "$default",
                "rawPath": self.path,
                "rawQueryString": url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.query).finish(),
                "headers": headers,
                "queryStringParameters": self.query_object(),
                "pathParameters": parameters,
                "requestContext": {
                    "accountId": "123456789012", "apiId": "abc", "stage": "$default", "requestId": "r",
                    "routeKey": "$default", "domainName": "chat.relais.example", "domainPrefix": "chat",
                    "time": "22/Nov/2026:17:00:00 +0000", "timeEpoch": 1_795_366_800_000_i64,
                    "http": {
                        "method": self.method, "path": self.path, "protocol": "HTTP/1.1",
                        "sourceIp": "192.0.2.1", "userAgent": "test",
                    },
                },
                "body": self.body,
                "isBase64Encoded": false,
            }),
        }
    }

    fn query_lists(&self) -> Option<BTreeMap<&str, Vec<&str>>> {
        let mut lists: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (name, value) in &self.query {
            lists.entry(name.as_str()).or_default().push(value.as_str());
        }
        (!lists.is_empty()).then_some(lists)
    }

    fn query_object(&self) -> Option<Value> {
        let object: Value = self
            .query
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        (!self.query.is_empty()).then_some(object)
    }
}
