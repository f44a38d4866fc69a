//! Measures the scheduler on the current-thread runtime: yielding, spawning
//! many tasks at once, and spawning and awaiting one at a time.
//! Outside the timed part: building and dropping the runtime, entering
//! `block_on`, and allocating the vector of handles.

use crate::row::{
    check, current_thread, join_sum, sum_below, timed, Failure, Outcome, Params, Row,
};
use tokio::task::{yield_now, JoinHandle};

pub const ROWS: &[Row] = &[
    Row {
        name: "yield_many",
        params: &[("tasks", 1_000), ("yields", 1_000)],
        run: yield_many,
    },
    Row {
        name: "spawn_many",
        params: &[("tasks", 100_000)],
        run: spawn_many,
    },
    Row {
        name: "spawn_await",
        params: &[("tasks", 100_000)],
        run: spawn_await,
    },
];

async fn yields(count: u64) -> u64 {
    for _ in 0..count {
        yield_now().await;
    }
    count
}

fn yield_many(params: &Params) -> Result<Outcome, Failure> {
    let (tasks, each) = (params.get("tasks"), params.get("yields"));
    let runtime = current_thread()?;
    let mut handles: Vec<JoinHandle<u64>> = Vec::with_capacity(tasks as usize);
    let (elapsed, sum) = runtime.block_on(timed(async {
        for _ in 0..tasks {
            handles.push(tokio::spawn(yields(each)));
        }
        join_sum(&mut handles).await
    }));
    check("yields", sum?, tasks * each)?;
    Ok(Outcome::new(tasks * each, elapsed))
}

fn spawn_many(params: &Params) -> Result<Outcome, Failure> {
    let tasks = params.get("tasks");
    let runtime = current_thread()?;
    let mut handles: Vec<JoinHandle<u64>> = Vec::with_capacity(tasks as usize);
    let (elapsed, sum) = runtime.block_on(timed(async {
        for i in 0..tasks {
            handles.push(tokio::spawn(async move { i }));
        }
        join_sum(&mut handles).await
    }));
    check("sum", sum?, sum_below(tasks))?;
    Ok(Outcome::new(tasks, elapsed))
}

async fn one_at_a_time(tasks: u64) -> Result<u64, Failure> {
    let mut sum = 0;
    for i in 0..tasks {
        sum += tokio::spawn(async move { i }).await?;
    }
    Ok(sum)
}

fn spawn_await(params: &Params) -> Result<Outcome, Failure> {
    let tasks = params.get("tasks");
    let runtime = current_thread()?;
    let (elapsed, sum) = runtime.block_on(timed(one_at_a_time(tasks)));
    check("sum", sum?, sum_below(tasks))?;
    Ok(Outcome::new(tasks, elapsed))
}
