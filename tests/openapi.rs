//! The descriptions of both sides are served, and both sides keep to them.
//!
//! Whether they do is judged by schemathesis: `pip install schemathesis`, then `LOTSE_SCHEMATHESIS=st`. Without
//! that the test says so and looks only at what is served.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use support::daemon::Daemon;
use support::http;

const SETTINGS: &str = "[channels.website]\nkind = \"webhook\"\nrate = \"1000000/s\"\n\
                        [owners.anna]\nnotify = [\"out\"]\n[notify.out]\nkind = \"file\"\npath = \"out\"\n\
                        [teams.sales]\nmembers = [\"anna\"]\ndefault = true\n";

/// Gets a description from the private side.
fn description(daemon: &Daemon, path: &str) -> String {
    let refused = http::request(daemon.private(), "GET", path, &[], b"").unwrap();
    assert_eq!(refused.status, 401, "{path}");
    let answer = http::request(daemon.private(), "GET", path, &[&daemon.bearer()], b"").unwrap();
    assert!(answer.status == 200 && answer.head.to_lowercase().contains("content-type: application/json"));
    assert!(answer.json()["openapi"].as_str().unwrap().starts_with("3.1"));
    answer.body
}

#[test]
fn both_sides_do_what_their_descriptions_say() {
    let mut daemon = Daemon::with(SETTINGS);
    daemon.start();
    let private = description(&daemon, "/api/v1/openapi.json");
    let public = description(&daemon, "/api/v1/openapi/public.json");
    let Some(program) = std::env::var_os("LOTSE_SCHEMATHESIS") else {
        eprintln!("not judged by schemathesis: LOTSE_SCHEMATHESIS does not say where it is");
        return;
    };
    let judge = |name: &str, text: &str, address: SocketAddr, arguments: &[&str]| {
        fs::write(daemon.path(name), text).unwrap();
        let output = Command::new(&program)
            .args(["run", "--checks", "all", "--generation-database", "none", "--no-color", "--url"])
            .arg(format!("http://{address}"))
            .args(arguments)
            .arg(daemon.path(name))
            .current_dir(daemon.folder.path())
            .output()
            .unwrap();
        let report = String::from_utf8_lossy(&output.stdout);
        println!("{report}");
        assert!(output.status.success(), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
    };
    // A body that cannot be read is no reason to refuse it: it is kept for a person, and answered 200.
    judge("public.json", &public, daemon.public(), &["--exclude-checks", "negative_data_rejection"]);
    assert!(daemon.json(&["intake", "list", "--limit", "1000"]).len() > 10, "it posted next to nothing");
    // Which lead, owner or channel there is, is no matter of a description.
    let (bearer, unknowable) = (daemon.bearer(), "positive_data_acceptance,negative_data_rejection");
    judge("private.json", &private, daemon.private(), &["-H", &bearer, "--exclude-checks", unknowable]);
    assert!(daemon.stop().0.success());
}
