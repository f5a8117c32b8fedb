//! What was acknowledged survives `kill -9`. That it survives a power failure too rests on the
//! sync at every commit, which no test without such a failure can show.
#![allow(clippy::arithmetic_side_effects, clippy::unwrap_used, reason = "tests")]

mod place;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use session_core::{NetworkId, UnixMillis};
use session_node::{MessageStore, NewMessage};
use session_storage::{Message, MessageHash, Namespace};
use sqlite_store::{Error, SqliteStore};

/// Names the file to the process that will be killed.
const VICTIM: &str = "SQLITE_STORE_VICTIM";

fn open(path: &Path) -> Result<SqliteStore, Error> {
    SqliteStore::open(path, 1 << 30)
}

/// Of many lengths, so that commits are of one page or many.
fn message(number: usize) -> NewMessage<'static> {
    let account = NetworkId::from([7; 33]);
    let data = number.to_string().repeat(number * 37 % 5000);
    let hash = MessageHash::of(&account, Namespace::DIRECT, number.to_string().as_bytes());
    let time = UnixMillis::from_secs(number.try_into().unwrap());
    NewMessage {
        account,
        namespace: Namespace::DIRECT,
        message: Message::new(hash, time, time, data.into_bytes()),
    }
}

fn all(store: &SqliteStore) -> Vec<NewMessage<'_>> {
    store.scan(None, usize::MAX).unwrap().messages
}

/// Run by the test below, in a process of its own: stores messages until it is killed.
#[test]
fn victim() {
    let Some(path) = std::env::var_os(VICTIM) else {
        return;
    };
    let mut store = open(path.as_ref()).unwrap();
    for number in all(&store).len().. {
        let message = message(number);
        store.put(&message).unwrap();
        println!("\nstored {}", message.message.hash);
    }
}

#[test]
fn acknowledged_messages_survive_kill() {
    let path = place::directory("killed").join("store.sqlite");
    let mut stored = 0;
    // The moments differ from run to run, as the two processes race.
    for after in [1, 400, 7, 60, 0, 150, 33] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "victim", "--nocapture"])
            .env(VICTIM, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acknowledged = lines.filter_map(|line| {
            let line = line.unwrap();
            line.strip_prefix("stored ").map(str::to_owned)
        });
        let mut hashes: Vec<String> = acknowledged.by_ref().take(after).collect();
        if after > 0 {
            assert_eq!(hashes.len(), after, "the victim ended by itself");
            assert_eq!(open(&path).err(), Some(Error::InUse), "in another process");
        }
        // SIGKILL.
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had said already.
        hashes.extend(acknowledged);

        let store = open(&path).unwrap();
        assert_eq!(store.check(), Ok(()));
        let messages = all(&store);
        let expected: Vec<_> = (0..messages.len()).map(message).collect();
        assert!(messages == expected, "a message is missing or changed");
        let names = messages
            .iter()
            .map(|message| message.message.hash.to_string());
        let new: Vec<String> = names.skip(stored).collect();
        // The last one may be there before its line is.
        assert!(
            new.starts_with(&hashes),
            "{} of {}",
            new.len(),
            hashes.len()
        );
        assert!(new.len() <= hashes.len() + 1);
        stored = messages.len();
    }
    assert!(stored > 600);
}
