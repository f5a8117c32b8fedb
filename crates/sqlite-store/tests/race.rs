//! Of processes that open a new file at the same moment one gets it.
#![allow(clippy::unwrap_used, reason = "tests")]

mod place;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use sqlite_store::SqliteStore;

/// Tells a process that it is one of those.
const CONTENDER: &str = "SQLITE_STORE_CONTENDER";

/// Run by the test below, in processes of their own: opens the files that it is told to, and has
/// each until the next.
#[test]
fn contender() {
    if std::env::var_os(CONTENDER).is_none() {
        return;
    }
    let mut last = None;
    for path in std::io::stdin().lines() {
        drop(last.take());
        let path = path.unwrap();
        let (start, mut tries) = (Path::new(&path).with_extension("start"), 0..10_000_000);
        println!("\nsays ready");
        assert!(tries.any(|_| start.exists()), "nobody gave the start");
        let opened = SqliteStore::open(path, 1 << 20);
        println!("\nsays {:?}", opened.as_ref().err());
        last = Some(opened);
    }
}

fn start() -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "contender", "--nocapture"])
        .env(CONTENDER, "")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn one_of_two_at_once_gets_a_new_file() {
    let directory = place::directory("race");
    let mut children = [start(), start()];
    let mut inputs = children.each_mut().map(|child| child.stdin.take().unwrap());
    let mut outputs = children.each_mut().map(|child| {
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        lines.filter_map(|line| line.unwrap().strip_prefix("says ").map(str::to_owned))
    });
    for round in 0..100 {
        let path = directory.join(format!("{round}.sqlite"));
        for input in &mut inputs {
            writeln!(input, "{}", path.display()).unwrap();
        }
        let mut answers = || outputs.each_mut().map(|lines| lines.next().unwrap());
        assert_eq!(answers(), ["ready", "ready"]);
        fs::write(path.with_extension("start"), "").unwrap();
        let mut opened = answers();
        opened.sort();
        assert_eq!(opened, ["None", "Some(InUse)"], "round {round}");
    }
    drop(inputs);
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
}
