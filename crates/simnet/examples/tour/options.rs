//! The command line.

use std::path::PathBuf;

use session_identity::mnemonic::Language;
use session_identity::{Account, Seed};

/// The help text.
pub const USAGE: &str = "\
usage: cargo run --release --example tour -- [options]
  --message TEXT     what Alice writes first (default: a greeting)
  --file PATH        send this file's text instead
  --nodes N          service nodes, 8 to 200 (default 12)
  --kill N           members of Bob's swarm to kill half-way (default 1)
  --port P           the same TCP port for every node (default: any free one)
  --alice WORDS      Alice's recovery password (default: a fixed one)
  --bob WORDS        Bob's recovery password (default: a fixed one)
  --seed N           number that the nodes' keys and all choices grow from
  --store DIR        nodes keep their messages in files there, for the next tour
                     with the same seed and number of nodes (default: in memory)";

const ALICE: &str =
    "amaze buffet cake entrance symptoms tiger lamb maze nestle python dusted faxed faxed";
const BOB: &str =
    "uttered sizes adopt cucumber eskimos rotate inmate safety jolted pixels dwelt cottage adopt";

/// What the user asked for.
#[derive(Debug)]
pub struct Options {
    pub message: String,
    pub nodes: usize,
    pub kill: usize,
    pub port: u16,
    pub alice: Account,
    pub bob: Account,
    pub seed: u64,
    pub store: Option<PathBuf>,
}

impl Options {
    /// Reads the arguments. `Ok(None)` when help was asked for.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut options = Self {
            message: "Hello Bob, nobody on the way can read this.".to_owned(),
            nodes: 12,
            kill: 1,
            port: 0,
            alice: account("--alice", ALICE)?,
            bob: account("--bob", BOB)?,
            seed: 1,
            store: None,
        };
        while let Some(name) = arguments.next() {
            if name == "--help" || name == "-h" {
                return Ok(None);
            }
            let value = arguments
                .next()
                .ok_or_else(|| format!("{name} needs a value\n{USAGE}"))?;
            match name.as_str() {
                "--message" => options.message = value,
                "--file" => options.message = read_text(&PathBuf::from(value))?,
                "--nodes" => options.nodes = number(&name, &value)?,
                "--kill" => options.kill = number(&name, &value)?,
                "--port" => options.port = number(&name, &value)?,
                "--alice" => options.alice = account(&name, &value)?,
                "--bob" => options.bob = account(&name, &value)?,
                "--seed" => options.seed = number(&name, &value)?,
                "--store" => options.store = Some(value.into()),
                _ => return Err(format!("unknown option {name}\n{USAGE}")),
            }
        }
        if !(8..=200).contains(&options.nodes) {
            return Err(format!(
                "--nodes {}: a tour needs 8 to 200 nodes, for two disjoint paths and a swarm",
                options.nodes
            ));
        }
        if options.alice.id() == options.bob.id() {
            return Err("--alice and --bob are the same account".to_owned());
        }
        Ok(Some(options))
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, String> {
    value
        .parse()
        .map_err(|_| format!("{name} {value}: not a number in range"))
}

fn account(name: &str, words: &str) -> Result<Account, String> {
    let seed = Seed::from_mnemonic(Language::English, words)
        .map_err(|error| format!("{name}: not a recovery password: {error}"))?;
    Ok(Account::from_seed(&seed))
}

fn read_text(path: &PathBuf) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("--file {}: {error}", path.display()))
}
