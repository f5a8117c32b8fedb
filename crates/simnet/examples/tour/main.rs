//! The main job, for real: a testnet of service nodes on loopback TCP, two accounts from
//! recovery passwords, a message from Alice to Bob through three hops into Bob's swarm, fetched
//! by Bob through onion requests of his own; then a node of that swarm dies, and the next
//! message still arrives.

mod client_host;
mod http;
mod node_host;
mod options;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use session_client::{Config, Event};
use session_core::{NetworkId, Now, UnixMillis};
use session_node::MemoryStore;
use session_path::Policy;
use session_swarm::{NodeKey, NodeRecord, Pool};
use simnet::Testnet;
use sqlite_store::SqliteStore;
use tiny_http::{Response, Server};

use client_host::ClientHost;
use node_host::{Directory, Log, NodeHost, Observation, Start};
use options::{Options, USAGE};

fn main() -> ExitCode {
    let outcome = match Options::parse(std::env::args().skip(1)) {
        Ok(Some(options)) => tour(options),
        Ok(None) => {
            println!("{USAGE}");
            Ok(())
        }
        Err(why) => Err(why),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("tour: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The two clocks.
fn now(started: Instant) -> Now {
    let unix = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Now {
        monotonic: started.elapsed(),
        unix: UnixMillis::default().saturating_add(unix),
    }
}

fn tour(options: Options) -> Result<(), String> {
    let started = Instant::now();
    let begun = now(started).unix;
    let mut rng = ChaCha20Rng::seed_from_u64(options.seed);
    let mut network = start_network(&options, started, &mut rng)?;
    let (alice_id, bob_id) = (options.alice.id(), options.bob.id());
    let victims = network.victims(&NetworkId::from(bob_id), options.kill)?;
    println!("Alice is {alice_id}\nBob is   {bob_id}\n");

    let policy = Policy::default().with_subnet_diversity(network.subnets);
    // Alice looks into her own mailbox at the start only, so that what the nodes report below is
    // about her messages.
    let config = Config::testnet(1, 8)
        .with_policy(policy)
        .with_request_timeout(Duration::from_secs(5));
    let quiet = config.with_poll_interval(Duration::from_secs(3600));
    let mut alice = network.client(options.alice, quiet, &mut rng);

    println!("── Alice sends; Bob is offline ──");
    let sent = send(&mut alice, &network, bob_id, &options.message)?;
    print_observations(&network.log, "Alice → Bob's swarm");
    println!("  confirmed with their signatures by {sent} members of Bob's swarm\n");

    println!("── Bob comes online and looks into his mailbox ──");
    let bob_config = config.with_poll_interval(Duration::from_secs(1));
    let mut bob = network.client(options.bob, bob_config, &mut rng);
    let first = receive(&mut bob, begun)?;
    print_observations(&network.log, "Bob → his swarm");
    print_received(&first, alice_id, &options.message)?;

    println!("── A part of Bob's swarm is killed ──");
    network.kill(&victims);
    let again = format!("{} (the second time)", options.message);
    let sent = send(&mut alice, &network, bob_id, &again)?;
    println!("  confirmed by {sent} members");
    let second = receive(&mut bob, begun)?;
    print_received(&second, alice_id, &again)?;

    println!(
        "Both messages arrived, in {:.1} s.",
        started.elapsed().as_secs_f64()
    );
    network.stop();
    Ok(())
}

fn send(
    alice: &mut ClientHost,
    network: &Running,
    to: session_core::AccountId,
    text: &str,
) -> Result<usize, String> {
    alice.run_until_idle()?;
    network.log.lock().expect("no panic holds it").clear();
    let message = alice.send(to, text)?;
    let copies = alice.run_until("sending", |event| match event {
        Event::Sent {
            message: sent,
            copies,
            ..
        } if sent == message => Some(copies),
        _ => None,
    })?;
    if let Some(path) = alice.client().paths().active().first() {
        let hops: Vec<String> = path
            .nodes()
            .iter()
            .map(|node| format!("{} ({:?})", node.ip, node.key))
            .collect();
        println!("  Alice's first path: {}", hops.join(" → "));
    }
    Ok(copies)
}

/// Sender and text of the next message.
type Text = (session_core::AccountId, String);

/// What Bob receives next of this tour: nodes that keep their messages still have those of
/// earlier ones.
fn receive(bob: &mut ClientHost, begun: UnixMillis) -> Result<Text, String> {
    bob.run_until("receiving", |event| match event {
        Event::Received(received) => {
            let body = received.content.body().unwrap_or_default().to_owned();
            if received.sent < begun {
                println!("  Bob reads, from an earlier tour: {body:?}");
                return None;
            }
            Some((received.sender, body))
        }
        _ => None,
    })
}

fn print_received(
    (sender, text): &Text,
    expected_sender: session_core::AccountId,
    expected: &str,
) -> Result<(), String> {
    println!("  Bob reads, from {}: {text:?}\n", sender.short());
    if *sender != expected_sender || text != expected {
        return Err("Bob did not read what Alice wrote".to_owned());
    }
    Ok(())
}

fn print_observations(log: &Log, title: &str) {
    println!("  What each node on the way learned ({title}):");
    let mut log = log.lock().expect("no panic holds it");
    for Observation {
        node,
        from,
        received,
        learned,
    } in log.drain(..)
    {
        println!("    node {node:3}: {received:6} bytes from {from}: {learned}");
    }
}

/// The network while it runs.
struct Running {
    hosts: HashMap<usize, NodeHost>,
    records: Vec<NodeRecord>,
    addresses: Arc<HashMap<NodeKey, (usize, SocketAddr)>>,
    seed: SocketAddr,
    log: Log,
    started: Instant,
    /// Whether every node has a subnet of its own.
    subnets: bool,
}

fn start_network(
    options: &Options,
    started: Instant,
    rng: &mut ChaCha20Rng,
) -> Result<Running, String> {
    // Linux has the whole of 127/8; elsewhere all nodes share one address.
    let subnets = TcpListener::bind((Ipv4Addr::new(127, 0, 2, 1), 0)).is_ok();
    let mut servers = Vec::new();
    let mut bound = Vec::new();
    for index in 0..options.nodes {
        let octet = u8::try_from(index + 2).map_err(|error| error.to_string())?;
        let ip = if subnets {
            Ipv4Addr::new(127, 0, octet, 1)
        } else {
            Ipv4Addr::LOCALHOST
        };
        let server = Server::http((ip, options.port)).map_err(|error| {
            format!(
                "node {index} cannot listen on {ip}:{}: {error}",
                options.port
            )
        })?;
        let address = server.server_addr().to_ip();
        let address = address.ok_or("a server without an IP address")?;
        bound.push((ip, address.port()));
        servers.push(server);
    }
    let swarms = options.nodes / 4;
    let testnet = Testnet::new(options.nodes, swarms, |index| bound[index], rng);
    let addresses: HashMap<NodeKey, (usize, SocketAddr)> = testnet
        .records
        .iter()
        .zip(&bound)
        .enumerate()
        .map(|(index, (node, (ip, port)))| (node.key, (index, SocketAddr::from((*ip, *port)))))
        .collect();
    let directory = Directory {
        pool: Pool::new(testnet.records.clone()),
        addresses: Arc::new(addresses),
        started,
    };
    let log = Log::default();
    let mut hosts = HashMap::new();
    for (index, (key, server)) in testnet.keys.iter().zip(servers).enumerate() {
        let node_rng = ChaCha20Rng::from_rng(rng);
        let (directory, log) = (directory.clone(), Arc::clone(&log));
        let start = Start {
            index,
            key: key.clone(),
            server,
            directory,
            rng: node_rng,
            log,
        };
        let host = match &options.store {
            Some(files) => start.with(open_store(files, index)?),
            None => start.with(MemoryStore::default()),
        };
        hosts.insert(index, host);
    }
    let seed = start_seed(&testnet.records)?;
    println!(
        "{} service nodes in {swarms} swarms listen on loopback, each {}; the seed is at {seed}",
        options.nodes,
        if subnets {
            "in a /24 of its own"
        } else {
            "on a port of its own"
        },
    );
    Ok(Running {
        hosts,
        records: testnet.records,
        addresses: directory.addresses,
        seed,
        log,
        started,
        subnets,
    })
}

/// Room for the messages of a node.
const STORE_BYTES: u64 = 1 << 30;

fn open_store(directory: &Path, index: usize) -> Result<SqliteStore, String> {
    let path = directory.join(format!("node-{index}.sqlite"));
    std::fs::create_dir_all(directory)
        .map_err(|error| error.to_string())
        .and_then(|()| SqliteStore::open(&path, STORE_BYTES).map_err(|error| error.to_string()))
        .map_err(|why| format!("--store: {}: {why}", path.display()))
}

/// Answers every request with the node list. Ends with the process.
fn start_seed(records: &[NodeRecord]) -> Result<SocketAddr, String> {
    let server =
        Server::http((Ipv4Addr::LOCALHOST, 0)).map_err(|error| format!("seed: {error}"))?;
    let address = server
        .server_addr()
        .to_ip()
        .ok_or("a seed without an IP address")?;
    let list = Testnet::seed_answer(records);
    std::thread::spawn(move || {
        for request in server.incoming_requests() {
            let _ = request.respond(Response::from_data(list.clone()));
        }
    });
    Ok(address)
}

impl Running {
    fn client(
        &self,
        account: session_identity::Account,
        config: Config,
        rng: &mut ChaCha20Rng,
    ) -> ClientHost {
        let addresses = Arc::clone(&self.addresses);
        let rng = ChaCha20Rng::from_rng(rng);
        ClientHost::new(account, config, self.seed, addresses, self.started, rng)
    }

    /// Members of the account's swarm to kill, in list order.
    fn victims(&self, account: &NetworkId, count: usize) -> Result<Vec<NodeRecord>, String> {
        let pool = Pool::new(self.records.clone());
        let swarm = pool.swarm_of(account).ok_or("no swarm")?;
        let members = swarm.members();
        // A message counts as sent when half of the swarm confirms it.
        let limit = members.len() / 2;
        if count > limit {
            return Err(format!(
                "--kill {count}: Bob's swarm has {} members, at most {limit} may die",
                members.len()
            ));
        }
        Ok(members.iter().take(count).copied().collect())
    }

    fn kill(&mut self, victims: &[NodeRecord]) {
        for victim in victims {
            let (index, address) = self.addresses[&victim.key];
            println!("  node {index} at {address} stops");
            if let Some(host) = self.hosts.remove(&index) {
                host.stop();
            }
        }
    }

    fn stop(self) {
        for host in self.hosts.into_values() {
            host.stop();
        }
    }
}
