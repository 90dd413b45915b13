//! The parts of `template.yaml` that the local gateway needs, so that it serves what is deployed.
//!
//! The values are read without `CloudFormation`: `!Ref X` and `${X}` become the default of the parameter X.

use std::collections::BTreeMap;
use std::time::Duration;

use yaml_rust2::{Yaml, YamlLoader};

/// The resource that matches all other paths.
pub const UNKNOWN_PATHS: &str = "/{proxy+}";

pub struct Template {
    pub functions: Vec<TemplateFunction>,
    pub routes: Vec<TemplateRoute>,
    /// The gateway's own responses, by the name of the gateway response.
    pub gateway_responses: BTreeMap<String, GatewayResponse>,
    /// The responses to methods without a function, by the path of the resource. The path [`UNKNOWN_PATHS`] matches
    /// all others.
    pub mock_responses: BTreeMap<String, GatewayResponse>,
    /// The headers of the response to a CORS preflight request.
    pub cors_headers: Vec<(String, String)>,
}

/// A function, named like its folder and binary.
pub struct TemplateFunction {
    /// The last segment of its `CodeUri`.
    pub name: String,
    pub timeout: Duration,
    /// Its memory, in MB.
    pub memory_mb: u32,
}

/// A method of a resource, and the function that serves it.
#[derive(Clone)]
pub struct TemplateRoute {
    /// In upper case.
    pub method: String,
    /// The resource, with `{parameters}`.
    pub path: String,
    pub function: String,
}

/// A response of the gateway itself.
#[derive(Clone, Default)]
pub struct GatewayResponse {
    /// `None` for the gateway's default status.
    pub status: Option<u16>,
    /// The headers, without the quotes of constants in the template. The value `context.requestId` stands for the
    /// gateway's request id.
    pub headers: Vec<(String, String)>,
    /// The JSON body. `$context.httpMethod` stands for the method of the request.
    pub body: String,
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// If the text is not YAML, or a function lacks an expected field. The message names it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let documents = YamlLoader::load_from_str(text).map_err(|error| error.to_string())?;
        let document = documents.first().ok_or("the template is empty")?;
        let values = Values(&document["Parameters"]);
        let globals = &document["Globals"]["Function"];
        let mut template = Self {
            functions: Vec::new(),
            routes: Vec::new(),
            gateway_responses: BTreeMap::new(),
            mock_responses: BTreeMap::new(),
            cors_headers: Vec::new(),
        };
        for (id, resource) in entries(&document["Resources"]) {
            let properties = &resource["Properties"];
            match resource["Type"].as_str() {
                Some("AWS::Serverless::Function") => {
                    template.read_function(&id, properties, globals, &values)?;
                }
                Some("AWS::Serverless::Api") => template.read_api(properties, &values),
                _ => {}
            }
        }
        Ok(template)
    }

    fn read_function(
        &mut self,
        id: &str,
        properties: &Yaml,
        globals: &Yaml,
        values: &Values<'_>,
    ) -> Result<(), String> {
        let folder = properties["CodeUri"].as_str();
        let folder = folder.ok_or_else(|| format!("{id} has no CodeUri"))?;
        let name = folder
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or(folder);
        let number = |key: &str, default: u32| {
            let own = values.number(&properties[key]);
            own.or_else(|| values.number(&globals[key]))
                .unwrap_or(default)
        };
        self.functions.push(TemplateFunction {
            name: name.to_owned(),
            // Lambda's defaults.
            timeout: Duration::from_secs(number("Timeout", 3).into()),
            memory_mb: number("MemorySize", 128),
        });
        for (event, source) in entries(&properties["Events"]) {
            if source["Type"].as_str() != Some("Api") {
                continue;
            }
            let properties = &source["Properties"];
            let (Some(method), Some(path)) =
                (properties["Method"].as_str(), properties["Path"].as_str())
            else {
                return Err(format!("{id}: the event {event} has no Method or no Path"));
            };
            self.routes.push(TemplateRoute {
                method: method.to_uppercase(),
                path: path.to_owned(),
                function: name.to_owned(),
            });
        }
        Ok(())
    }

    fn read_api(&mut self, properties: &Yaml, values: &Values<'_>) {
        for (key, header) in [
            ("AllowOrigin", "access-control-allow-origin"),
            ("AllowMethods", "access-control-allow-methods"),
            ("AllowHeaders", "access-control-allow-headers"),
            ("MaxAge", "access-control-max-age"),
        ] {
            if let Some(value) = values.text(&properties["Cors"][key]) {
                self.cors_headers.push((header.to_owned(), value));
            }
        }
        for (name, response) in entries(&properties["GatewayResponses"]) {
            let status = values.number(&response["StatusCode"]);
            let headers = entries(&response["ResponseParameters"]["Headers"]).into_iter();
            let response = GatewayResponse {
                status: status.and_then(|it| u16::try_from(it).ok()),
                headers: headers
                    .filter_map(|(name, value)| Some((name.to_lowercase(), values.text(value)?)))
                    .collect(),
                body: values
                    .text(&response["ResponseTemplates"]["application/json"])
                    .unwrap_or_default(),
            };
            self.gateway_responses.insert(name, response);
        }
        for (path, item) in entries(&properties["DefinitionBody"]["paths"]) {
            let integration =
                &item["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"];
            if integration["type"].as_str() == Some("mock") {
                let response = mock_response(&integration["responses"]["default"], values);
                self.mock_responses.insert(path, response);
            }
        }
    }
}

fn mock_response(response: &Yaml, values: &Values<'_>) -> GatewayResponse {
    let status = values.number(&response["statusCode"]);
    let headers = entries(&response["responseParameters"]).into_iter();
    GatewayResponse {
        status: status.and_then(|it| u16::try_from(it).ok()),
        headers: headers
            .filter_map(|(name, value)| {
                let name = name.strip_prefix("method.response.header.")?.to_lowercase();
                Some((name, values.text(value)?))
            })
            .collect(),
        body: values
            .text(&response["responseTemplates"]["application/json"])
            .unwrap_or_default(),
    }
}

/// The defaults of the template's parameters.
struct Values<'a>(&'a Yaml);

impl Values<'_> {
    fn number(&self, value: &Yaml) -> Option<u32> {
        match value {
            Yaml::Integer(number) => u32::try_from(*number).ok(),
            Yaml::String(text) => match text.parse() {
                Ok(number) => Some(number),
                Err(_) => self.parameter(text)?.parse().ok(),
            },
            _ => None,
        }
    }

    /// Returns a string with its parameters filled in, without the quotes of a constant (`'1'`).
    fn text(&self, value: &Yaml) -> Option<String> {
        let text = scalar(value)?;
        let text = self.parameter(&text).unwrap_or(text);
        let mut filled = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}')?;
            filled.push_str(before);
            filled.push_str(&self.parameter(name)?);
            rest = after;
        }
        filled.push_str(rest);
        let constant = filled
            .strip_prefix('\'')
            .and_then(|it| it.strip_suffix('\''));
        Some(constant.map_or_else(|| filled.clone(), str::to_owned))
    }

    fn parameter(&self, name: &str) -> Option<String> {
        scalar(&self.0[name]["Default"])
    }
}

fn scalar(value: &Yaml) -> Option<String> {
    match value {
        Yaml::String(text) => Some(text.clone()),
        Yaml::Integer(number) => Some(number.to_string()),
        Yaml::Boolean(value) => Some(value.to_string()),
        _ => None,
    }
}

fn entries(map: &Yaml) -> Vec<(String, &Yaml)> {
    let map = map.as_hash().into_iter().flatten();
    map.filter_map(|(key, value)| Some((key.as_str()?.to_owned(), value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployed() -> Template {
        Template::parse(include_str!("../../template.yaml")).unwrap()
    }

    #[test]
    fn each_function_has_the_timeout_of_the_template() {
        let template = deployed();
        let timeout = |name: &str| {
            let function = template.functions.iter().find(|it| it.name == name);
            function.map(|it| it.timeout.as_secs())
        };
        assert_eq!(timeout("send-message"), Some(35));
        assert_eq!(timeout("migrate-database"), Some(900));
    }

    #[test]
    fn a_parameter_has_its_default_value() {
        let template = deployed();
        assert!(template.functions.iter().all(|it| it.memory_mb == 256));
        let origin = ("access-control-allow-origin".to_owned(), "*".to_owned());
        assert!(template.cors_headers.contains(&origin));
    }

    #[test]
    fn a_gateway_response_has_its_status_headers_and_body() {
        let template = deployed();
        let throttled = &template.gateway_responses["THROTTLED"];
        assert_eq!(throttled.status, Some(429));
        assert!(
            throttled
                .headers
                .contains(&("retry-after".to_owned(), "1".to_owned()))
        );
        assert_eq!(throttled.body, r#"{"detail":"Requête ralentie."}"#);
    }

    #[test]
    fn a_mock_integration_has_its_status_headers_and_body() {
        let template = deployed();
        let rooms = &template.mock_responses["/api/v1/chat/rooms"];
        assert_eq!(rooms.status, Some(405));
        let allow = ("allow".to_owned(), "GET, HEAD, POST, OPTIONS".to_owned());
        assert!(rooms.headers.contains(&allow));
        assert_eq!(
            rooms.body,
            r#"{"detail":"Méthode « $context.httpMethod » non autorisée."}"#
        );
        assert_eq!(template.mock_responses[UNKNOWN_PATHS].status, Some(404));
    }

    #[test]
    fn a_function_without_code_is_an_error_with_its_name() {
        let text = "Resources: {Mute: {Type: AWS::Serverless::Function, Properties: {}}}";
        assert_eq!(Template::parse(text).err().unwrap(), "Mute has no CodeUri");
    }
}
