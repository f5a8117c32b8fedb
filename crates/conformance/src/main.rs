//! `cargo run --release -p conformance -- [--only PREFIX] [DIR ...]`
//!
//! Runs every vector file in the directories, by default the ones in this crate, and prints a
//! line a suite and the totals last. Exits with 1 when a case failed, with 2 when it could not run.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use conformance::{Outcome, Totals, run_file};

fn main() -> ExitCode {
    // A panicking case is reported as failed; the backtrace would only hide the table.
    std::panic::set_hook(Box::new(|_| {}));
    match run(std::env::args().skip(1)) {
        Ok(totals) => {
            println!(
                "{} passed, {} failed, {} skipped",
                totals.passed, totals.failed, totals.skipped
            );
            ExitCode::from(u8::from(totals.failed > 0))
        }
        Err(why) => {
            eprintln!("conformance: {why}");
            ExitCode::from(2)
        }
    }
}

fn run(mut arguments: impl Iterator<Item = String>) -> Result<Totals, String> {
    let mut only = String::new();
    let mut directories = Vec::new();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--only" => only = arguments.next().ok_or("--only takes a prefix")?,
            flag if flag.starts_with('-') => return Err(format!("unknown option {flag}")),
            directory => directories.push(PathBuf::from(directory)),
        }
    }
    if directories.is_empty() {
        directories.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors"));
    }
    let mut totals = Totals::default();
    let mut suites = 0;
    for directory in directories {
        for file in vector_files(&directory)? {
            let read = std::fs::read_to_string(&file).map_err(|error| error.to_string());
            let outcome = read
                .and_then(|text| run_file(&text))
                .map_err(|why| format!("{}: {why}", file.display()))?;
            if outcome.suite.starts_with(&only) {
                print(&outcome);
                totals += outcome.totals;
                suites += 1;
            }
        }
    }
    if suites == 0 {
        return Err("no vector file to run".to_owned());
    }
    Ok(totals)
}

fn vector_files(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(directory)
        .map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    Ok(files)
}

fn print(outcome: &Outcome) {
    let Totals {
        passed,
        failed,
        skipped,
    } = outcome.totals;
    let note = match (outcome.known, outcome.skip_reasons.as_slice()) {
        (false, _) => " (no such suite yet)".to_owned(),
        (true, []) => String::new(),
        (true, reasons) => format!(" ({})", reasons.join("; ")),
    };
    println!(
        "{:32} {passed:5} ok {failed:4} bad {skipped:4} skipped{note}",
        outcome.suite
    );
    for failure in &outcome.failures {
        println!("    {failure}");
    }
}
