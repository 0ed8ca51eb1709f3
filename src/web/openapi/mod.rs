//! What both sides offer, for programs: OpenAPI 3.1. In: nothing. Out: `GET /api/v1/openapi.json`, the private
//! side, and `GET /api/v1/openapi/public.json`, the webhooks, which the public side itself does not tell.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use super::Web;

const PRIVATE: &str = include_str!("private.json");
const PUBLIC: &str = include_str!("public.json");

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/openapi.json", get(async || document(PRIVATE)))
        .route("/openapi/public.json", get(async || document(PUBLIC)))
}

fn document(text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use regex::Regex;
    use serde_json::Value;

    use super::*;

    /// `METHOD /path` of all that a description tells.
    fn described(text: &str) -> BTreeSet<String> {
        let document: Value = serde_json::from_str(text).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys().filter(|key| *key != "parameters");
            methods.map(move |method| format!("{method} {path}"))
        });
        operations.collect()
    }

    /// The routes in a file of this folder, as its source has them.
    fn routes_in(file: &Path, prefix: &str) -> BTreeSet<String> {
        let text = std::fs::read_to_string(file).unwrap();
        let route = Regex::new(r#"\.route\(\s*"([^"]+)",\s*((?:get|post|put|patch|delete)\([^\n]*)"#).unwrap();
        let method = Regex::new(r"\b(get|post|put|patch|delete)\(").unwrap();
        let all = route.captures_iter(&text).flat_map(|found| {
            let (path, rest) = (found[1].to_owned(), found[2].to_owned());
            // A route to the right on the same line is found by itself.
            let own = rest.split(".route(").next().unwrap().to_owned();
            let methods: Vec<String> = method.captures_iter(&own).map(|found| found[1].to_owned()).collect();
            methods.into_iter().map(move |method| format!("{method} {prefix}{path}"))
        });
        all.collect()
    }

    #[test]
    fn every_route_of_the_private_side_is_described_and_no_other() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
        let mut routes = BTreeSet::new();
        for entry in std::fs::read_dir(here.join("api")).unwrap() {
            routes.extend(routes_in(&entry.unwrap().path(), "/api/v1"));
        }
        routes.extend(["get /api/v1/openapi.json", "get /api/v1/openapi/public.json"].map(str::to_owned));
        routes.extend(routes_in(&here.join("health.rs"), ""));
        routes.extend(routes_in(&here.join("mod.rs"), ""));
        assert!(routes.len() > 20 && routes.contains("post /api/v1/leads/{id}/assign"), "{routes:?}");
        assert_eq!(described(PRIVATE), routes);
    }

    #[test]
    fn every_reference_leads_somewhere() {
        for text in [PRIVATE, PUBLIC] {
            let document: Value = serde_json::from_str(text).unwrap();
            for found in Regex::new(r##""\$ref": "#([^"]+)""##).unwrap().captures_iter(text) {
                assert!(document.pointer(&found[1]).is_some(), "{}", &found[1]);
            }
        }
    }
}
