use std::collections::HashMap;

use percent_encoding::percent_decode_str;

use crate::template::TemplateRoute;

pub struct Routes(Vec<Resource>);

pub struct Resource {
    /// As in the template: with `{parameters}`, without a trailing slash.
    pub path: String,
    segments: Vec<String>,
    /// Methods and their functions, in the order of the template.
    methods: Vec<(String, String)>,
}

impl Routes {
    #[must_use]
    pub fn new(routes: &[TemplateRoute]) -> Self {
        let mut resources: Vec<Resource> = Vec::new();
        for route in routes {
            let target = (route.method.clone(), route.function.clone());
            match resources.iter_mut().find(|it| it.path == route.path) {
                Some(resource) => resource.methods.push(target),
                None => resources.push(Resource {
                    path: route.path.clone(),
                    segments: route.path.split('/').map(str::to_owned).collect(),
                    methods: vec![target],
                }),
            }
        }
        // Fixed segments match before parameters: `rooms/unread_count` is not a room.
        resources.sort_by_key(|it| it.segments.iter().filter(|it| is_parameter(it)).count());
        Self(resources)
    }

    /// Returns the resource of a path, with or without a trailing slash, and the decoded values of its parameters.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<(&Resource, HashMap<String, String>)> {
        let path = path.strip_suffix('/').unwrap_or(path);
        self.0
            .iter()
            .find_map(|resource| Some((resource, resource.parameters(path)?)))
    }
}

impl Resource {
    fn parameters(&self, path: &str) -> Option<HashMap<String, String>> {
        let segments: Vec<&str> = path.split('/').collect();
        if segments.len() != self.segments.len() {
            return None;
        }
        let mut parameters = HashMap::new();
        for (segment, pattern) in segments.iter().zip(&self.segments) {
            match pattern
                .strip_prefix('{')
                .and_then(|it| it.strip_suffix('}'))
            {
                Some(_) if segment.is_empty() => return None,
                Some(name) => {
                    let value = percent_decode_str(segment).decode_utf8_lossy();
                    parameters.insert(name.to_owned(), value.into_owned());
                }
                None if segment == pattern => {}
                None => return None,
            }
        }
        Some(parameters)
    }

    #[must_use]
    pub fn function(&self, method: &str) -> Option<&str> {
        let target = self.methods.iter().find(|(name, _)| name == method);
        target.map(|(_, function)| function.as_str())
    }
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        let route = |method: &str, path: &str, function: &str| TemplateRoute {
            method: method.to_owned(),
            path: path.to_owned(),
            function: function.to_owned(),
        };
        Routes::new(&[
            route("GET", "/rooms/{room_id}", "get-room"),
            route("GET", "/rooms/count", "count"),
            route("GET", "/rooms", "list"),
            route("POST", "/rooms", "create"),
        ])
    }

    #[test]
    fn both_forms_of_a_path_are_the_same_resource() {
        for path in ["/rooms", "/rooms/"] {
            assert_eq!(routes().find(path).unwrap().0.path, "/rooms");
        }
        assert!(routes().find("/rooms//").is_none());
    }

    #[test]
    fn fixed_segments_match_before_parameters() {
        assert_eq!(
            routes().find("/rooms/count/").unwrap().0.path,
            "/rooms/count"
        );
    }

    #[test]
    fn path_parameters_are_decoded() {
        let (_, parameters) = routes()
            .find("/rooms/a%20b")
            .map(|(it, them)| (it.path.clone(), them))
            .unwrap();
        assert_eq!(parameters["room_id"], "a b");
    }

    #[test]
    fn each_method_has_its_function() {
        let routes = routes();
        let (rooms, _) = routes.find("/rooms").unwrap();
        assert_eq!(rooms.function("POST"), Some("create"));
        assert_eq!(rooms.function("DELETE"), None);
    }
}
