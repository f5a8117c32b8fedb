//! The example `swarms`: what it shows, what it writes, and that bad input is named.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use session_swarm::{NodeRecord, SwarmId, active_nodes_bin, node_list_json};

const ACCOUNT: &str = "0577cb6c50ed49a2c45e383ac3ca855375c68300f7ff0c803ea93cb18437d61f46";

/// `cargo test` builds the examples beside the tests.
fn swarms(arguments: &[&str]) -> Output {
    let test = std::env::current_exe().expect("a test has a path");
    let target: PathBuf = test.ancestors().nth(2).expect("target/debug/deps").into();
    Command::new(target.join("examples").join("swarms"))
        .args(arguments)
        .output()
        .expect("the example is built")
}

fn shown(arguments: &[&str]) -> String {
    let output = swarms(arguments);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    String::from_utf8(output.stdout).expect("text")
}

fn refusal(arguments: &[&str]) -> String {
    let output = swarms(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).expect("text")
}

/// A file for one test alone.
fn file(name: &str, content: &[u8]) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).expect("a writable folder");
    path.to_str().expect("text").to_owned()
}

fn nodes() -> Vec<NodeRecord> {
    let node = |(byte, swarm): (u8, u64)| {
        let ip = [198, 18, 0, byte].into();
        let mut node = NodeRecord::new([byte; 32].into(), ip, 22021, 22020);
        node.swarm_id = SwarmId::new(swarm);
        node.version = [2, 11, byte.into()];
        node
    };
    [(1, 0x10), (2, 0x10), (3, u64::MAX / 2)].map(node).into()
}

#[test]
fn without_arguments_a_made_up_network_is_shown() {
    let text = shown(&[]);
    assert!(text.contains(" swarms; 0 records left out"), "{text}");
    assert!(text.contains("share of the ring") && text.contains('#'));
    assert!(!text.contains("account"));
    assert_eq!(text, shown(&[]), "the same every time");
}

/// The first byte of a key says nothing about the form of a list.
#[test]
fn binary_lists_that_begin_like_json_are_read() {
    for first in [*b"{", *b"[", *b"\n"] {
        let mut nodes = nodes();
        nodes[0].key = [first[0]; 32].into();
        let list = file("first.bin", &active_nodes_bin(&nodes));
        let text = shown(&["--list", &list]);
        assert!(text.contains("3 nodes in 2 swarms"), "{text}");
    }
}

#[test]
fn an_account_is_shown_with_its_swarm() {
    let (json, binary) = (node_list_json(&nodes()), active_nodes_bin(&nodes()));
    let json = file("account.json", json.as_bytes());
    let binary = file("account.bin", &binary);
    for list in [json, binary] {
        let text = shown(&["--list", &list, ACCOUNT]);
        assert!(text.contains("3 nodes in 2 swarms"), "{text}");
        assert!(
            text.contains("position  464ce7e0ef166ec9, 27.46 %"),
            "{text}"
        );
        // Nearer to half of the ring than to its beginning.
        assert!(
            text.contains("swarm     7fffffffffffffff, 1 members:"),
            "{text}"
        );
        assert!(text.contains(&"03".repeat(32)) && text.contains("198.18.0.3"));
        assert!(text.contains("2.11.3") && !text.contains("2.11.2"));
        assert!(
            text.contains("0000000000000010           50.000 %        2\n"),
            "{text}"
        );
        assert!(text.contains("50.000 %        1  <- the account"), "{text}");
    }
}

#[test]
fn a_picture_is_written() {
    let list = file("picture.json", node_list_json(&nodes()).as_bytes());
    let svg = file("picture.svg", b"");
    let text = shown(&["--svg", &svg, "--list", &list, ACCOUNT]);
    assert!(text.contains(&format!("wrote {svg}")));
    let picture = fs::read_to_string(&svg).unwrap();
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert_eq!(picture.matches("<g ").count(), 2, "one a swarm");
    assert!(picture.contains("<title>0000000000000010: 2 members</title>"));
    assert!(picture.contains("position of the account"));
    assert!(!picture.contains("NaN") && !picture.contains("inf"));

    shown(&["--svg", &svg, "--list", &list]);
    assert!(!fs::read_to_string(&svg).unwrap().contains("account"));

    // One swarm owns all, and no arc can be drawn from a point to itself.
    let list = file("one.json", node_list_json(&nodes()[..1]).as_bytes());
    shown(&["--svg", &svg, "--list", &list]);
    assert!(fs::read_to_string(&svg).unwrap().contains("<circle "));
}

#[test]
fn bad_input_is_named() {
    let bad = file("bad.json", b"{}");
    let cut = file("cut.bin", &[7; 50]);
    let mut alone = nodes();
    alone
        .iter_mut()
        .for_each(|node| node.swarm_id = SwarmId::INVALID);
    let alone = file("alone.json", node_list_json(&alone).as_bytes());

    assert!(refusal(&["--list", "/no/such/file"]).contains("--list /no/such/file: "));
    assert!(refusal(&["--list", &bad]).contains("no field service_node_states"));
    assert!(refusal(&["--list", &cut]).contains("50 bytes are not whole records"));
    assert!(refusal(&["--list", &alone]).contains("no node of the list is in a swarm"));
    assert!(refusal(&["--svg", "/no/such/folder/ring.svg"]).contains("--svg /no/such/folder"));
    assert!(refusal(&["--list"]).contains("--list needs a file name"));
    assert!(refusal(&["--svg", "a", "--svg", "b"]).contains("--svg is there twice"));
    assert!(refusal(&["--bogus"]).contains("unknown option --bogus"));
    assert!(refusal(&["05ab"]).contains("ACCOUNT_ID: "));
    assert!(refusal(&[ACCOUNT, ACCOUNT]).contains("more than one ACCOUNT_ID"));
}

#[test]
fn help_is_given() {
    assert!(shown(&["--help"]).contains("Usage: swarms"));
}
