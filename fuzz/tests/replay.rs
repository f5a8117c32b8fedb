//! Runs every target on its seeds, and on what a fuzzer has left in `corpus/`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use session_fuzz::TARGETS;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: PathBuf) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn seeds_and_corpus_pass() {
    for (name, target) in TARGETS {
        let seeds = files(root().join("seeds").join(name));
        assert!(
            (1..=30).contains(&seeds.len()),
            "{name} has {} seeds",
            seeds.len()
        );
        for file in seeds
            .into_iter()
            .chain(files(root().join("corpus").join(name)))
        {
            // Shown when the target panics.
            println!("{}", file.display());
            target(&fs::read(file).unwrap());
        }
    }
}

#[test]
fn every_target_has_a_binary() {
    let binaries: BTreeSet<String> = files(root().join("fuzz_targets"))
        .iter()
        .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let targets = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(binaries, targets);
}
