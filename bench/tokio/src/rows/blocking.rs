//! Measures the blocking pool in the shape of Tokio's own bench: tasks that
//! each wait for one batch of blocking calls after another.
//! Outside the timed part: building and dropping the runtime.

use crate::row::{check, timed, Failure, Outcome, Params, Row};
use std::hint::black_box;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

pub const ROWS: &[Row] = &[Row {
    name: "spawn_blocking",
    params: &[("tasks", 2), ("batches", 100), ("batch", 16)],
    run: spawn_blocking,
}];

async fn batches(count: u64, size: u64) -> u64 {
    let mut calls = 0;
    for _ in 0..count {
        let mut batch = JoinSet::new();
        for _ in 0..size {
            batch.spawn_blocking(|| black_box(1));
        }
        calls += batch.join_all().await.into_iter().sum::<u64>();
    }
    calls
}

fn spawn_blocking(params: &Params) -> Result<Outcome, Failure> {
    let (tasks, count, size) = (
        params.get("tasks"),
        params.get("batches"),
        params.get("batch"),
    );
    let runtime = Runtime::new()?;
    let (elapsed, calls) = runtime.block_on(timed(async {
        let mut running = JoinSet::new();
        for _ in 0..tasks {
            running.spawn(batches(count, size));
        }
        running.join_all().await.into_iter().sum::<u64>()
    }));
    let ops = tasks * count * size;
    check("calls", calls, ops)?;
    Ok(Outcome::new(ops, elapsed))
}
