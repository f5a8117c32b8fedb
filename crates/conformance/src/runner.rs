//! Runs one vector file.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;

use crate::case::{CaseError, Suite};

/// How many cases ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Cases whose result is as expected.
    pub passed: usize,
    /// Cases whose result is not.
    pub failed: usize,
    /// Cases of unknown suites, or of parts that do not exist yet.
    pub skipped: usize,
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// What came of a suite.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The suite's name, from the file.
    pub suite: String,
    /// Whether the suite has a function here.
    pub known: bool,
    /// Its totals.
    pub totals: Totals,
    /// A line for each failed case.
    pub failures: Vec<String>,
    /// Why cases were skipped, each reason once.
    pub skip_reasons: Vec<&'static str>,
}

/// Runs the suite in `text`, the content of a vector file.
///
/// # Errors
/// A text when the file is no vector file.
pub fn run_file(text: &str) -> Result<Outcome, String> {
    let file: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let name = file["suite"].as_str().ok_or("no suite name")?;
    let cases = file["cases"].as_array().ok_or("no cases")?;
    let function = crate::suite(name);
    let mut outcome = Outcome {
        suite: name.to_owned(),
        known: function.is_some(),
        totals: Totals::default(),
        failures: Vec::new(),
        skip_reasons: Vec::new(),
    };
    let Some(function) = function else {
        outcome.totals.skipped = cases.len();
        return Ok(outcome);
    };
    for case in cases {
        match judge(name, function, case) {
            Ok(()) => outcome.totals.passed += 1,
            Err(Verdict::Failed(why)) => {
                outcome.totals.failed += 1;
                outcome.failures.push(format!("{}: {why}", case["id"]));
            }
            Err(Verdict::Skipped(why)) => {
                outcome.totals.skipped += 1;
                if !outcome.skip_reasons.contains(&why) {
                    outcome.skip_reasons.push(why);
                }
            }
        }
    }
    Ok(outcome)
}

/// Fields of `out` that explain and do not bind: a suite may leave them out.
const INFORMATIVE: &[&str] = &["reason"];

enum Verdict {
    Failed(String),
    Skipped(&'static str),
}

/// Runs what may panic: that is a finding, whatever the case expects, and not the end of the run.
fn attempt<T>(run: impl FnOnce() -> T) -> Result<T, Verdict> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| Verdict::Failed("panicked".to_owned()))
}

fn judge(suite: &str, function: Suite, case: &Value) -> Result<(), Verdict> {
    let result = attempt(|| function(&case["in"]))?;
    let mut expected = case["out"].clone();
    if let (Ok(got), Some(expected)) = (&result, expected.as_object_mut()) {
        for (field, accept) in crate::accepted(suite) {
            let value = expected
                .remove(field)
                .ok_or_else(|| Verdict::Failed(format!("the case has no {field}")))?;
            attempt(|| accept(&case["in"], got, &value))?
                .map_err(|why| Verdict::Failed(format!("{field} is refused: {why:?}")))?;
        }
        expected.retain(|field, _| !INFORMATIVE.contains(&&**field) || got.get(field).is_some());
    }
    match (result, case.get("error")) {
        (Err(CaseError::Skipped(why)), _) => Err(Verdict::Skipped(why)),
        (Err(CaseError::Failed(class)), Some(error)) if crate::classes_bind(suite) => {
            if error == &class {
                Ok(())
            } else {
                Err(Verdict::Failed(format!(
                    "refused as {class}, expected {error}"
                )))
            }
        }
        (Err(CaseError::Failed(why)), Some(error)) => {
            // Node-side errors start with a status, which binds where both sides name one.
            match (status(&why), error.as_str().and_then(status)) {
                (Some(got), Some(expected)) if got != expected => Err(Verdict::Failed(format!(
                    "refused with {got}, expected {expected}"
                ))),
                _ => Ok(()),
            }
        }
        (Err(CaseError::Failed(why)), None) => Err(Verdict::Failed(format!("refused: {why}"))),
        (Ok(got), Some(error)) => Err(Verdict::Failed(format!(
            "accepted as {}, expected the error {error}",
            shorten(&got)
        ))),
        (Ok(got), None) if got == expected => Ok(()),
        (Ok(got), None) => Err(Verdict::Failed(format!(
            "got {}, expected {}",
            shorten(&got),
            shorten(&case["out"])
        ))),
    }
}

/// The three digits that a text starts with.
fn status(text: &str) -> Option<&str> {
    let (digits, rest) = text.split_at_checked(3)?;
    let ends = rest
        .chars()
        .next()
        .is_none_or(|next| !next.is_ascii_alphanumeric());
    (ends && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

fn shorten(value: &Value) -> String {
    let mut text = value.to_string();
    if text.len() > 400 {
        text = text.chars().take(400).collect::<String>() + "…";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_passes_fails_and_is_skipped() {
        let file = r#"{"suite":"config-bt-decode","cases":[
            {"id":"a","in":{"encoded":"6930303765"},"out":{"value":{"i":7},"canonical":"693765"}},
            {"id":"b","in":{"encoded":"6930303765"},"out":{"value":{"i":8},"canonical":"693865"}},
            {"id":"c","in":{"encoded":"78"},"error":"bad"},
            {"id":"d","in":{"encoded":"6930303765"},"error":"bad"}]}"#;
        let outcome = run_file(file).unwrap();
        assert_eq!(
            outcome.totals,
            Totals {
                passed: 2,
                failed: 2,
                skipped: 0
            }
        );
        let unknown = run_file(r#"{"suite":"no-such","cases":[{},{}]}"#).unwrap();
        assert_eq!(
            unknown.totals,
            Totals {
                passed: 0,
                failed: 0,
                skipped: 2
            }
        );
        assert!(run_file("[]").is_err());
    }

    #[test]
    fn a_panic_is_no_refusal() {
        let file = r#"{"suite":"identity-name","cases":[{"id":"a","in":{},"error":"bad"}]}"#;
        let outcome = run_file(file).unwrap();
        assert_eq!((outcome.totals.passed, outcome.totals.failed), (0, 1));
    }

    #[test]
    fn what_only_has_to_be_accepted_is_checked() {
        let file = include_str!("../vectors/identity-blind15-sign.json");
        let outcome = run_file(file).unwrap();
        assert!(outcome.totals.passed > 0 && outcome.totals.failed == 0);
        let spoilt = file.replace("\"alt_sig\": \"", "\"alt_sig\": \"00");
        assert_ne!(file, spoilt);
        assert!(run_file(&spoilt).unwrap().totals.failed > 0);
        let without = file.replace("alt_sig", "alt");
        assert!(run_file(&without).unwrap().totals.failed > 0);
    }
}
