//! Shows the swarms of a node list: which one holds an account's messages, what each owns of the
//! ring, how large they are, and the ring as a picture.

use core::fmt::{self, Display, Write as _};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::process::ExitCode;

use session_core::{AccountId, NetworkId};
use session_swarm::{NodeList, Pool, Swarm, parse_active_nodes, parse_node_list, position};

mod svg;
mod synthetic;

const HELP: &str = "\
Shows the swarms of a node list.

Usage: swarms [--list FILE] [--svg FILE] [ACCOUNT_ID]

  ACCOUNT_ID   66 hex digits: whose swarm to show
  --list FILE  a node list, JSON as daemons and seeds answer it or binary (active_nodes_bin);
               without it, a made-up network
  --svg FILE   write a picture of the ring
  --help       this text";

fn main() -> ExitCode {
    let text = match Options::read(std::env::args().skip(1)) {
        Ok(None) => Ok(format!("{HELP}\n")),
        Ok(Some(options)) => show(&options),
        Err(complaint) => Err(complaint),
    };
    match text {
        Ok(text) => match io::stdout().write_all(text.as_bytes()) {
            // Whoever reads may stop before the end.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
            _ => ExitCode::SUCCESS,
        },
        Err(complaint) => {
            eprintln!("swarms: {complaint}");
            ExitCode::from(2)
        }
    }
}

#[derive(Default)]
struct Options {
    list: Option<String>,
    svg: Option<String>,
    account: Option<AccountId>,
}

impl Options {
    /// `None` if help is wanted.
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            let option = match &*argument {
                "--help" | "-h" => return Ok(None),
                "--list" => &mut options.list,
                "--svg" => &mut options.svg,
                other if other.starts_with('-') => {
                    return Err(format!(
                        "unknown option {other}; --help shows the known ones"
                    ));
                }
                id => {
                    let id = id.parse().map_err(about("ACCOUNT_ID"))?;
                    if options.account.replace(id).is_some() {
                        return Err("more than one ACCOUNT_ID".into());
                    }
                    continue;
                }
            };
            let value = arguments.next();
            let value = value.ok_or_else(|| format!("{argument} needs a file name"))?;
            if option.replace(value).is_some() {
                return Err(format!("{argument} is there twice"));
            }
        }
        Ok(Some(options))
    }
}

fn show(options: &Options) -> Result<String, String> {
    let list = match &options.list {
        Some(file) => read_list(file).map_err(about(&format!("--list {file}")))?,
        None => synthetic::list(),
    };
    let skipped = list.skipped;
    let view = View {
        pool: Pool::new(list.nodes),
        account: options.account.map(NetworkId::from),
    };
    let count = view.pool.ring().ids().len();
    if count == 0 {
        return Err("no node of the list is in a swarm".into());
    }
    let nodes = view.pool.len();
    let mut text = format!("{nodes} nodes in {count} swarms; {skipped} records left out\n\n{view}");
    if let Some(file) = &options.svg {
        let picture = svg::Ring(&view).to_string();
        fs::write(file, picture).map_err(about(&format!("--svg {file}")))?;
        let _ = writeln!(text, "\nwrote {file}");
    }
    Ok(text)
}

fn read_list(file: &str) -> Result<NodeList, String> {
    let content = fs::read(file).map_err(|error| error.to_string())?;
    let text = content.trim_ascii_start();
    if text.starts_with(b"{") || text.starts_with(b"[") {
        // The first key of a binary list can begin like this, too.
        return parse_node_list(&content)
            .or_else(|error| parse_active_nodes(&content).map_err(|_| error))
            .map_err(|error| error.to_string());
    }
    parse_active_nodes(&content).map_err(|error| error.to_string())
}

/// What is shown: a node list, and whose swarm is looked for.
struct View {
    pool: Pool,
    account: Option<NetworkId>,
}

impl View {
    /// The swarm of the account.
    fn own(&self) -> Option<Swarm<'_>> {
        self.pool.swarm_of(self.account.as_ref()?)
    }

    fn is_own(&self, swarm: Swarm<'_>) -> bool {
        self.own().is_some_and(|own| own.id() == swarm.id())
    }

    /// What a swarm owns of the ring, in percent.
    fn share(&self, swarm: Swarm<'_>) -> f64 {
        match self.pool.ring().arc_of(swarm.id()) {
            Some(arc) if !arc.is_whole_ring() => percent(arc.through.wrapping_sub(arc.after)),
            _ => 100.0,
        }
    }

    fn write_account(&self, f: &mut fmt::Formatter<'_>, id: &NetworkId) -> fmt::Result {
        let position = position(id);
        writeln!(f, "account   {id}")?;
        writeln!(
            f,
            "position  {position:016x}, {:.2} % of the way round",
            percent(position)
        )?;
        let Some(swarm) = self.own() else {
            return Ok(());
        };
        writeln!(
            f,
            "swarm     {:016x}, {} members:",
            swarm.id().get(),
            swarm.members().len()
        )?;
        for node in swarm.members() {
            let [major, minor, patch] = node.version;
            writeln!(
                f,
                "  {}  {:<15}  HTTPS {:<5}  QUIC {:<5}  {major}.{minor}.{patch}",
                node.key, node.ip, node.https_port, node.quic_port
            )?;
        }
        writeln!(f)
    }

    fn write_ring(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "swarm             share of the ring  members")?;
        for swarm in self.pool.swarms() {
            let mark = if self.is_own(swarm) {
                "  <- the account"
            } else {
                ""
            };
            let (id, share) = (swarm.id().get(), self.share(swarm));
            writeln!(
                f,
                "{id:016x}  {share:15.3} %  {:7}{mark}",
                swarm.members().len()
            )?;
        }
        writeln!(f)
    }

    fn write_sizes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WIDTH: usize = 50;

        let mut sizes = BTreeMap::<usize, usize>::new();
        for swarm in self.pool.swarms() {
            let count = sizes.entry(swarm.members().len()).or_default();
            *count = count.saturating_add(1);
        }
        let most = sizes.values().copied().max().unwrap_or(1);
        writeln!(f, "members  swarms")?;
        for (size, count) in sizes {
            let width = count.saturating_mul(WIDTH).div_ceil(most);
            writeln!(f, "{size:7}  {} {count}", "#".repeat(width))?;
        }
        Ok(())
    }
}

impl Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(id) = &self.account {
            self.write_account(f, id)?;
        }
        self.write_ring(f)?;
        self.write_sizes(f)
    }
}

/// A position or distance as a part of the ring, in percent.
fn percent(distance: u64) -> f64 {
    100.0 * svg::turn(distance)
}

/// Puts in front of a complaint what it is about.
fn about<E: Display>(what: &str) -> impl Fn(E) -> String {
    move |error| format!("{what}: {error}")
}
