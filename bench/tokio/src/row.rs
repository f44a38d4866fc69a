//! What every row shares: its entry in the table, its parameters, its outcome,
//! and the small helpers that build a runtime, take a time and join tasks.
//! Measures nothing by itself.

use std::future::Future;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// One row: its name, its parameters with their defaults, and one round of it.
pub struct Row {
    pub name: &'static str,
    pub params: &'static [(&'static str, u64)],
    pub run: fn(&Params) -> Result<Outcome, Failure>,
}

/// One round's answer. `elapsed` covers the timed part only.
pub struct Outcome {
    pub ops: u64,
    pub elapsed: Duration,
    /// Further JSON fields. The values must be finite.
    pub extra: Vec<(&'static str, f64)>,
}

impl Outcome {
    pub fn new(ops: u64, elapsed: Duration) -> Self {
        Outcome {
            ops,
            elapsed,
            extra: Vec::new(),
        }
    }
}

/// One round's answer of a row with a pause before each operation: the middle
/// of what they took, and the 99th percentile.
pub fn latencies(mut samples: Vec<Duration>) -> Outcome {
    samples.sort();
    let at = |q: f64| {
        let place = (samples.len() as f64 * q) as usize;
        samples[place.min(samples.len() - 1)].as_nanos() as f64
    };
    let mut outcome = Outcome::new(samples.len() as u64, samples.iter().sum());
    outcome.extra.push(("medianNs", at(0.5)));
    outcome.extra.push(("p99Ns", at(0.99)));
    outcome
}

/// What a part of a round did: its field in the answer, how many operations,
/// how long they took.
pub type Part = (&'static str, u64, Duration);

/// One round's answer of a row that measures several things, one after another:
/// what an operation of each took.
pub fn parts(parts: &[Part]) -> Outcome {
    let ops = parts.iter().map(|part| part.1).sum();
    let mut outcome = Outcome::new(ops, parts.iter().map(|part| part.2).sum());
    for &(field, ops, elapsed) in parts {
        let ns = elapsed.as_nanos() as f64 / ops as f64;
        outcome.extra.push((field, ns));
    }
    outcome
}

/// One round's answer of a row that does the same work in order first: how
/// many times as fast, and that by the workers.
pub fn speed_up(ops: u64, in_order: Duration, elapsed: Duration, workers: usize) -> Outcome {
    let times = in_order.as_secs_f64() / elapsed.as_secs_f64();
    let mut outcome = Outcome::new(ops, elapsed);
    outcome.extra.push(("speedUp", times));
    outcome
        .extra
        .push(("percentOfIdeal", 100.0 * times / workers as f64));
    outcome
        .extra
        .push(("sequentialMs", in_order.as_secs_f64() * 1e3));
    outcome
}

/// A row's parameters: the defaults, with what the line gave put over them.
pub struct Params(Vec<(&'static str, u64)>);

/// Above any sensible size; keeps a slip of the keyboard from eating the host.
const LARGEST: u64 = 100_000_000;
const MOST_WORKERS: usize = 256;

impl Params {
    pub fn parse<'a>(
        defaults: &[(&'static str, u64)],
        words: impl Iterator<Item = &'a str>,
    ) -> Result<Params, Failure> {
        let mut values = defaults.to_vec();
        for word in words {
            let (key, value) = word
                .split_once('=')
                .ok_or_else(|| format!("not key=value: {word}"))?;
            let slot = values.iter_mut().find(|(name, _)| *name == key);
            let slot = slot.ok_or_else(|| format!("unknown parameter: {key}"))?;
            slot.1 = number(value).ok_or_else(|| format!("bad value for {key}: {value}"))?;
        }
        Ok(Params(values))
    }

    pub fn get(&self, key: &str) -> u64 {
        let found = self.0.iter().find(|(name, _)| *name == key);
        found
            .unwrap_or_else(|| panic!("the row does not declare {key}"))
            .1
    }

    pub fn size(&self, key: &str) -> usize {
        self.get(key) as usize
    }
}

fn number(text: &str) -> Option<u64> {
    text.parse()
        .ok()
        .filter(|value| (1..=LARGEST).contains(value))
}

/// How many workers the multi-thread runtime of a row has.
pub const WORKERS: (&str, u64) = ("worker_threads", 2);

pub fn current_thread() -> Result<Runtime, Failure> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

pub fn multi_thread(workers: usize) -> Result<Runtime, Failure> {
    if workers > MOST_WORKERS {
        return Err(format!("worker_threads: {MOST_WORKERS} at most").into());
    }
    Ok(Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()?)
}

/// Awaits `work` and says how long that took.
pub async fn timed<F: Future>(work: F) -> (Duration, F::Output) {
    let start = Instant::now();
    let output = work.await;
    (start.elapsed(), output)
}

/// Awaits every handle in order and adds up what the tasks returned.
pub async fn join_sum(handles: &mut Vec<JoinHandle<u64>>) -> Result<u64, Failure> {
    let mut sum = 0;
    for handle in handles.drain(..) {
        sum += handle.await?;
    }
    Ok(sum)
}

/// Fails the round when the work did not add up, so that no row can be fast by
/// leaving work out.
pub fn check(what: &str, got: u64, wanted: u64) -> Result<(), Failure> {
    if got == wanted {
        return Ok(());
    }
    Err(format!("{what}: got {got}, wanted {wanted}").into())
}

/// 0 + 1 + ... + (n - 1).
pub fn sum_below(n: u64) -> u64 {
    n * (n - 1) / 2
}
