//! Measures starting a runtime: building it, running an empty future on it and
//! dropping it, for both kinds of runtime. Nothing is outside the timed part.

use crate::row::{current_thread, multi_thread, Failure, Outcome, Params, Row};
use std::time::Instant;
use tokio::runtime::Runtime;

pub const ROWS: &[Row] = &[
    Row {
        name: "start",
        params: &[("times", 100)],
        run: start,
    },
    Row {
        name: "start_mt",
        params: &[("times", 100), ("worker_threads", 2)],
        run: start_mt,
    },
];

fn starts(times: u64, build: impl Fn() -> Result<Runtime, Failure>) -> Result<Outcome, Failure> {
    let start = Instant::now();
    for _ in 0..times {
        build()?.block_on(async {});
    }
    Ok(Outcome::new(times, start.elapsed()))
}

fn start(params: &Params) -> Result<Outcome, Failure> {
    starts(params.get("times"), current_thread)
}

fn start_mt(params: &Params) -> Result<Outcome, Failure> {
    let workers = params.size("worker_threads");
    starts(params.get("times"), || multi_thread(workers))
}
