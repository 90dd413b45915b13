use std::sync::Arc;

use emulator::gateway::Gateway;
use emulator::lambda::FunctionSettings;
use emulator::template::Template;
use emulator::{invoke_api, server};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Gate, SAMPLE, Stage, eventually, send, within};

const TEMPLATE: &str = r#"
Parameters:
  CorsOrigin: { Default: https://app.example.ci }
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      Cors:
        AllowOrigin: !Sub "'${CorsOrigin}'"
        AllowMethods: "'GET,POST,OPTIONS'"
        AllowHeaders: "'authorization,content-type'"
      GatewayResponses:
        DEFAULT_4XX: { ResponseTemplates: { application/json: '{"detail":"Requête malformée."}' } }
        DEFAULT_5XX: { ResponseTemplates: { application/json: '{"detail":"Une erreur du serveur est survenue."}' } }
        MISSING_AUTHENTICATION_TOKEN: { StatusCode: 404, ResponseTemplates: &not_found { application/json: '{"detail":"Pas trouvé."}' } }
        INTEGRATION_FAILURE:
          StatusCode: 503
          ResponseParameters: { Headers: { Retry-After: "'1'" } }
          ResponseTemplates: { application/json: '{"detail":"Service momentanément indisponible."}' }
      DefinitionBody:
        paths:
          /{proxy+}:
            x-amazon-apigateway-any-method:
              x-amazon-apigateway-integration:
                type: mock
                responses: { default: { statusCode: '404', responseTemplates: *not_found } }
          /rooms:
            x-amazon-apigateway-any-method:
              x-amazon-apigateway-integration:
                type: mock
                responses:
                  default:
                    statusCode: '405'
                    responseTemplates: { application/json: '{"detail":"Méthode « $context.httpMethod » non autorisée."}' }
                    responseParameters:
                      method.response.header.Allow: "'GET, HEAD, POST, OPTIONS'"
                      method.response.header.x-request-id: context.requestId
  SampleFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/sample
      Timeout: 60
      Events:
        List: { Type: Api, Properties: { Method: GET, Path: /rooms } }
        Head: { Type: Api, Properties: { Method: HEAD, Path: /rooms } }
        Create: { Type: Api, Properties: { Method: POST, Path: /rooms } }
        Room: { Type: Api, Properties: { Method: GET, Path: '/rooms/{room_id}' } }
        Malformed: { Type: Api, Properties: { Method: GET, Path: /malformed } }
        Bytes: { Type: Api, Properties: { Method: GET, Path: /bytes } }
        Cookies: { Type: Api, Properties: { Method: GET, Path: /cookies } }
"#;

struct Api {
    stage: Stage,
    address: String,
}

impl Api {
    async fn new(adjust: impl FnOnce(&mut FunctionSettings)) -> Self {
        let stage = Stage::new(adjust);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let template = Template::parse(TEMPLATE).unwrap();
        let context = Arc::new((
            stage.lambda.clone(),
            Gateway::new(stage.lambda.clone(), &template),
        ));
        tokio::spawn(server::serve(listener, move |request| {
            let context = context.clone();
            async move {
                let (lambda, gateway) = &*context;
                if invoke_api::serves(request.uri().path()) {
                    return invoke_api::handle(lambda.clone(), request).await;
                }
                gateway.handle(request).await.response
            }
        }));
        Self { stage, address }
    }

    async fn call(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Response<Bytes> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.address)
            .header("x-tag", "a")
            .header("x-tag", "b")
            .header("user-agent", "Dart/3.9");
        send(
            &self.address,
            request.body(Full::from(body.into())).unwrap(),
        )
        .await
    }

    async fn event(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Value {
        json_of(&self.call(method, path, body).await)
    }
}

fn json_of(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|it| it.to_str().unwrap())
}

#[tokio::test]
async fn a_request_becomes_the_event_of_a_rest_api() {
    let api = Api::new(|_| {}).await;
    let event = api
        .event(
            Method::POST,
            "/rooms/?search=Ko%C3%A9&page=2&page=3",
            r#"{"é":1}"#,
        )
        .await;
    assert_eq!(event["resource"], "/rooms");
    assert_eq!(event["path"], "/rooms/", "with its slash");
    assert_eq!(event["httpMethod"], "POST");
    assert_eq!(
        event["multiValueQueryStringParameters"],
        json!({ "search": ["Koé"], "page": ["2", "3"] })
    );
    assert_eq!(
        event["queryStringParameters"],
        json!({ "search": "Koé", "page": "3" })
    );
    assert_eq!(event["multiValueHeaders"]["x-tag"], json!(["a", "b"]));
    assert_eq!(event["headers"]["x-tag"], "b");
    assert_eq!(event["headers"]["host"], api.address);
    assert_eq!(event["headers"]["x-forwarded-for"], "127.0.0.1");
    assert_eq!(event["headers"]["x-forwarded-proto"], "http");
    assert_eq!(event["body"], r#"{"é":1}"#);
    assert_eq!(event["isBase64Encoded"], false);
    assert_eq!(event["pathParameters"], Value::Null);
    let context = &event["requestContext"];
    assert_eq!(context["path"], "/rooms/");
    assert_eq!(context["resourcePath"], "/rooms");
    assert_eq!(context["stage"], "local");
    assert_eq!(context["identity"]["sourceIp"], "127.0.0.1");
    assert_eq!(context["identity"]["userAgent"], "Dart/3.9");
    assert_eq!(context["requestId"].as_str().unwrap().len(), 36);
}

#[tokio::test]
async fn a_request_without_query_and_body_has_null_for_them() {
    let api = Api::new(|_| {}).await;
    let event = api.event(Method::GET, "/rooms", "").await;
    for field in [
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "body",
        "stageVariables",
    ] {
        assert_eq!(event[field], Value::Null, "{field}");
    }
}

#[tokio::test]
async fn a_binary_body_is_encoded_in_base64() {
    let api = Api::new(|_| {}).await;
    let event = api
        .event(Method::POST, "/rooms", vec![0xff, 0x00, 0xfe])
        .await;
    assert_eq!(event["isBase64Encoded"], true);
    assert_eq!(event["body"], "/wD+");
}

#[tokio::test]
async fn path_parameters_are_decoded() {
    let api = Api::new(|_| {}).await;
    let event = api.event(Method::GET, "/rooms/a%20b/", "").await;
    assert_eq!(event["pathParameters"], json!({ "room_id": "a b" }));
    assert_eq!(event["path"], "/rooms/a%20b/");
}

#[tokio::test]
async fn a_response_has_the_status_headers_and_bytes_of_the_function() {
    let api = Api::new(|_| {}).await;
    assert_eq!(
        api.call(Method::GET, "/bytes", "").await.body().as_ref(),
        [0xff, 0x00, 0xfe]
    );
    let cookies = api.call(Method::GET, "/cookies", "").await;
    assert_eq!(cookies.status(), StatusCode::NO_CONTENT);
    assert_eq!(header(&cookies, "x-one"), Some("1"));
    let all: Vec<_> = cookies.headers().get_all("set-cookie").iter().collect();
    assert_eq!(all, ["a=1", "b=2"]);
    assert_eq!(header(&cookies, "x-amzn-requestid").unwrap().len(), 36);
}

#[tokio::test]
async fn head_gets_the_response_of_get_without_a_body() {
    let api = Api::new(|_| {}).await;
    let response = api.call(Method::HEAD, "/rooms", "").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "content-type"), Some("application/json"));
    assert_ne!(header(&response, "content-length"), Some("0"));
    assert!(response.body().is_empty());
}

#[tokio::test]
async fn requests_without_a_function_get_the_responses_of_the_template() {
    let api = Api::new(|_| {}).await;
    let large = |megabytes: usize| "x".repeat(megabytes * 1024 * 1024);
    for (method, path, body, status, detail) in [
        (Method::GET, "/nothing", String::new(), 404, "Pas trouvé."),
        (Method::GET, "/", String::new(), 404, "Pas trouvé."),
        (
            Method::DELETE,
            "/rooms/",
            String::new(),
            405,
            "Méthode « DELETE » non autorisée.",
        ),
        (Method::POST, "/rooms", large(7), 413, "Requête malformée."),
        (Method::POST, "/rooms", large(11), 413, "Requête malformée."),
        (
            Method::GET,
            "/malformed",
            String::new(),
            502,
            "Une erreur du serveur est survenue.",
        ),
    ] {
        let response = api.call(method.clone(), path, body).await;
        assert_eq!(response.status(), status, "{method} {path}");
        assert_eq!(
            json_of(&response),
            json!({ "detail": detail }),
            "{method} {path}"
        );
        assert_eq!(header(&response, "content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn an_unknown_method_returns_the_allowed_ones() {
    let api = Api::new(|_| {}).await;
    let response = api.call(Method::PUT, "/rooms", "").await;
    assert_eq!(header(&response, "allow"), Some("GET, HEAD, POST, OPTIONS"));
    let request_id = header(&response, "x-request-id");
    assert!(request_id.is_some() && request_id == header(&response, "x-amzn-requestid"));
}

#[tokio::test]
async fn a_preflight_request_gets_the_response_of_the_template() {
    let api = Api::new(|_| {}).await;
    let response = api.call(Method::OPTIONS, "/rooms/", "").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        header(&response, "access-control-allow-origin"),
        Some("https://app.example.ci")
    );
    assert_eq!(
        header(&response, "access-control-allow-methods"),
        Some("GET,POST,OPTIONS")
    );
    assert_eq!(
        header(&response, "access-control-allow-headers"),
        Some("authorization,content-type")
    );
}

#[tokio::test]
async fn a_process_that_dies_during_a_request_returns_a_502_without_details() {
    let api = Api::new(|_| {}).await;
    let gate = Gate::new().await;
    let path = format!("/rooms?before={}", gate.address);
    let dying = async {
        let _inside = gate.arrived().await;
        assert!(api.stage.function().kill(0.0));
        eventually(|| api.stage.states().is_empty()).await;
    };
    let (response, ()) = tokio::join!(api.call(Method::GET, &path, ""), dying);
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    let detail = json!({ "detail": "Une erreur du serveur est survenue." });
    assert_eq!(json_of(&response), detail);
    let next = api.call(Method::GET, "/rooms", "").await;
    assert_eq!(next.status(), StatusCode::OK, "another one starts");
}

#[tokio::test]
async fn throttling_is_429_in_the_invoke_api_and_a_failed_integration_in_the_gateway() {
    let api = Api::new(|it| it.reserved_concurrency = Some(1)).await;
    let gate = Gate::new().await;
    let held = api.stage.invoking(json!({ "before": gate.address }));
    let inside = gate.arrived().await;

    let direct = api.call(Method::POST, &invocations(SAMPLE), "{}").await;
    assert_eq!(direct.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        header(&direct, "x-amzn-errortype"),
        Some("TooManyRequestsException")
    );
    let response = api.call(Method::GET, "/rooms", "").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&response, "retry-after"), Some("1"));

    drop(inside);
    within(held.await.unwrap().until_idle()).await.unwrap();
    assert_eq!(
        api.call(Method::GET, "/rooms", "").await.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn the_invoke_api_has_responses_errors_and_asynchronous_events() {
    let api = Api::new(|_| {}).await;
    let response = api.call(Method::POST, &invocations(SAMPLE), "{}").await;
    assert_eq!(header(&response, "x-amz-function-error"), None);
    assert!(json_of(&response)["pid"].is_u64());

    let failed = api
        .call(Method::POST, &invocations(SAMPLE), r#"{"fails":true}"#)
        .await;
    assert_eq!(failed.status(), StatusCode::OK);
    assert_eq!(header(&failed, "x-amz-function-error"), Some("Unhandled"));
    assert_eq!(json_of(&failed)["errorMessage"], "no such table");

    let gate = Gate::new().await;
    let event = json!({ "before": gate.address }).to_string();
    let request = Request::post(invocations(SAMPLE))
        .header("host", "lambda")
        .header("x-amz-invocation-type", "Event");
    let accepted = send(&api.address, request.body(Full::from(event)).unwrap()).await;
    assert_eq!(accepted.status(), StatusCode::ACCEPTED);
    drop(gate.arrived().await);

    let unknown = api.call(Method::POST, &invocations("nobody"), "{}").await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    let large = api
        .call(
            Method::POST,
            &invocations(SAMPLE),
            vec![b'1'; 6 * 1024 * 1024 + 1],
        )
        .await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_emulator_shows_replaces_and_kills_environments() {
    let api = Api::new(|_| {}).await;
    let kill = format!("/_emulator/functions/{SAMPLE}/kill?which=0.5");
    assert_eq!(
        api.call(Method::POST, &kill, "").await.status(),
        StatusCode::CONFLICT,
        "none runs"
    );
    let before = api.stage.pid().await;
    let replace = format!("/_emulator/functions/{SAMPLE}/replace");
    assert_eq!(
        api.call(Method::POST, &replace, "").await.status(),
        StatusCode::OK
    );
    eventually(|| api.stage.states() == ["idle"]).await;
    let states = api.event(Method::GET, "/_emulator/functions", "").await;
    let pid = &states[SAMPLE]["environments"][0]["pid"];
    assert_ne!(pid, before);
    assert_eq!(states[SAMPLE]["totals"]["invocations"], 1);
    assert_eq!(
        api.call(Method::POST, &kill, "").await.status(),
        StatusCode::OK
    );
    eventually(|| api.stage.states().is_empty()).await;
}

#[tokio::test]
async fn a_request_that_is_not_http_does_not_stop_the_emulator() {
    let api = Api::new(|_| {}).await;
    let mut connection = TcpStream::connect(&api.address).await.unwrap();
    connection
        .write_all(b"GET http://[ HTTP/1.1\r\nHost: \r\n\r\n")
        .await
        .unwrap();
    let _ = connection.read_to_end(&mut Vec::new()).await;
    assert_eq!(
        api.call(Method::GET, "/rooms", "").await.status(),
        StatusCode::OK
    );
}

fn invocations(name: &str) -> String {
    format!("/2015-03-31/functions/{name}/invocations")
}
