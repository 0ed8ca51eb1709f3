//! What both sides offer, for programs: OpenAPI 3.1. In: nothing. Out: `GET /api/v1/openapi.json`, the private
//! side, and `GET /api/v1/openapi/public.json`, the webhooks, which the public side itself does not tell.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::Web;
use super::problem::Problem;
use crate::config::ChannelKind;

const PRIVATE: &str = include_str!("private.json");
const PUBLIC: &str = include_str!("public.json");
/// Where the public side's description tells what a channel's name may be.
const CHANNEL: &str = "/paths/~1hooks~1{channel}/parameters/0";

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/openapi.json", get(private)).route("/openapi/public.json", get(public))
}

async fn private() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], PRIVATE)
}

/// The public side, with the webhooks that are there by name.
async fn public(State(web): State<Web>) -> Result<Json<Value>, Problem> {
    let channels = web.service.channels();
    let webhooks = channels.iter().filter(|channel| matches!(channel.kind, ChannelKind::Webhook(_)));
    let names: Vec<String> = webhooks.map(|channel| channel.name.to_string()).collect();
    Ok(Json(with_channels(PUBLIC, &names).map_err(|error| Problem::bad(error.to_string()))?))
}

fn with_channels(text: &str, names: &[String]) -> Result<Value, serde_json::Error> {
    let mut document: Value = serde_json::from_str(text)?;
    if let (Some(channel), Some(first)) = (document.pointer_mut(CHANNEL), names.first()) {
        channel["example"] = json!(first);
        channel["schema"] = json!({ "type": "string", "enum": names });
    }
    Ok(document)
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
        let route = Regex::new(r#"^\s*"(/[^"]*)",(.*)"#).unwrap();
        let method = Regex::new(r"\b(get|post|put|patch|delete)\(").unwrap();
        let mut routes = BTreeSet::new();
        for piece in text.split(".route(").skip(1) {
            // What one call of `route` may stretch over, on one line.
            let piece = piece.split("\n}").next().unwrap().replace('\n', " ");
            let Some(found) = route.captures(&piece) else { continue };
            routes
                .extend(method.captures_iter(&found[2]).map(|method| format!("{} {prefix}{}", &method[1], &found[1])));
        }
        routes
    }

    #[test]
    fn every_route_of_the_private_side_is_described_and_no_other() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
        let mut routes = BTreeSet::new();
        for entry in std::fs::read_dir(here.join("api")).unwrap() {
            routes.extend(routes_in(&entry.unwrap().path(), "/api/v1"));
        }
        routes.extend(routes_in(&here.join("openapi/mod.rs"), "/api/v1"));
        routes.extend(routes_in(&here.join("health.rs"), ""));
        routes.extend(routes_in(&here.join("mod.rs"), ""));
        assert!(routes.len() > 20 && routes.contains("post /api/v1/leads/{id}/assign"), "{routes:?}");
        assert_eq!(described(PRIVATE), routes);
    }

    #[test]
    fn the_public_side_names_the_webhooks_that_are_there() {
        let document = with_channels(PUBLIC, &["website".to_owned(), "shop".to_owned()]).unwrap();
        let channel = document.pointer(CHANNEL).unwrap();
        assert_eq!((&channel["name"], &channel["example"]), (&json!("channel"), &json!("website")));
        assert_eq!(channel["schema"]["enum"], json!(["website", "shop"]));
        assert_eq!(with_channels(PUBLIC, &[]).unwrap(), serde_json::from_str::<Value>(PUBLIC).unwrap());
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let reference = Regex::new(r##""\$ref": "#([^"]+)""##).unwrap();
        for text in [PRIVATE, PUBLIC] {
            let document: Value = serde_json::from_str(text).unwrap();
            for found in reference.captures_iter(text) {
                assert!(document.pointer(&found[1]).is_some(), "{}", &found[1]);
            }
        }
    }
}
