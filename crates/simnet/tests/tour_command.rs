//! The tour's command line: what is wrong is said, and the exit code is not zero.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};

/// `cargo test` builds the examples beside the tests.
fn tour(arguments: &[&str]) -> Output {
    let test = std::env::current_exe().expect("a test has a path");
    let target: PathBuf = test.ancestors().nth(2).expect("target/debug/deps").into();
    Command::new(target.join("examples").join("tour"))
        .args(arguments)
        .output()
        .expect("the tour is built")
}

fn refusal(arguments: &[&str]) -> String {
    let output = tour(arguments);
    assert!(!output.status.success(), "{arguments:?} was accepted");
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn bad_arguments_are_named() {
    assert!(refusal(&["--alice", "amaze buffet"]).contains("--alice: not a recovery password"));
    assert!(refusal(&["--bob", "nonsense"]).contains("--bob: not a recovery password"));
    assert!(refusal(&["--nodes", "3"]).contains("--nodes 3: a tour needs 8 to 200 nodes"));
    assert!(refusal(&["--nodes", "x"]).contains("--nodes x: not a number"));
    assert!(refusal(&["--kill", "4"]).contains("--kill 4: Bob's swarm has 4 members"));
    assert!(refusal(&["--file", "/no/such/file"]).contains("--file /no/such/file"));
    assert!(refusal(&["--store", "Cargo.toml"]).contains("--store: Cargo.toml"));
    assert!(refusal(&["--bogus", "1"]).contains("unknown option --bogus"));
    assert!(refusal(&["--message"]).contains("--message needs a value"));
}

#[test]
fn a_port_in_use_is_named() {
    // Where 127/8 is not one host, all nodes share 127.0.0.1.
    let listener = TcpListener::bind("127.0.2.1:0")
        .or_else(|_| TcpListener::bind("127.0.0.1:0"))
        .expect("loopback");
    let port = listener.local_addr().expect("bound").port().to_string();
    let text = refusal(&["--port", &port]);
    assert!(
        text.contains("cannot listen on") && text.contains(&port),
        "{text}"
    );
}

/// The nodes of the second tour have what those of the first one stored.
#[test]
fn nodes_keep_their_messages_in_files() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("tour");
    let _ = std::fs::remove_dir_all(&directory);
    let run = |message: &str| {
        let directory = directory.to_str().expect("text");
        let arguments = ["--nodes", "8", "--store", directory, "--message", message];
        let output = tour(&arguments);
        let said = String::from_utf8(output.stderr).expect("text");
        assert!(output.status.success(), "{said}");
        String::from_utf8(output.stdout).expect("text")
    };
    let earlier = "from an earlier tour";
    let first = run("before");
    assert!(first.contains("Both messages arrived") && !first.contains(earlier));
    assert!(directory.join("node-0.sqlite").exists());
    let second = run("after");
    assert!(second.contains("Both messages arrived"));
    assert!(
        second.contains(&format!("{earlier}: \"before\"")),
        "{second}"
    );
}
