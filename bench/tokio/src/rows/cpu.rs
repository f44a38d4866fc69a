//! Measures how much faster two workers are than one thread: on many tasks of
//! uneven length, and on tasks that one task spawns on one worker while the
//! other is parked. The same work in order is done just before and after.
//! Outside the timed part: building and dropping the runtime, the pauses.

use crate::row::{multi_thread, speed_up, timed, Failure, Outcome, Params, Row, WORKERS};
use crate::work::{burn, burn_all, uneven_loops};
use std::thread;
use std::time::Duration;
use tokio::task::JoinHandle;

const LOOPS: (&str, u64) = ("loops_per_us", 600);

pub const ROWS: &[Row] = &[
    Row {
        name: "uneven_map",
        params: &[WORKERS, ("tasks", 10_000), LOOPS],
        run: uneven_map,
    },
    Row {
        name: "steal",
        params: &[
            WORKERS,
            ("tasks", 200),
            ("task_us", 500),
            ("repeat", 4),
            ("pause_ms", 5),
            LOOPS,
        ],
        run: steal,
    },
];

/// Spawns a task for each and waits for all of them.
async fn spawn_all(all_loops: Vec<u64>) -> Result<i64, Failure> {
    let handles: Vec<JoinHandle<i32>> = all_loops
        .into_iter()
        .map(|loops| tokio::spawn(async move { burn(loops) }))
        .collect();
    let mut sum = 0;
    for handle in handles {
        sum += i64::from(handle.await?);
    }
    Ok(sum)
}

/// Does all the work in order, half of it before `together` does all of it at
/// once and half after, so that a machine that becomes slower or faster
/// meanwhile does so for both. Both times.
fn beside_in_order(
    all_loops: &[u64],
    together: impl FnOnce() -> (Duration, Result<i64, Failure>),
) -> Result<(Duration, Duration), Failure> {
    let (first, second) = all_loops.split_at(all_loops.len().div_ceil(2));
    let before = burn_all(first);
    let (elapsed, sum) = together();
    let after = burn_all(second);
    let (got, wanted) = (sum?, before.1 + after.1);
    if got != wanted {
        return Err(format!("sum: got {got}, wanted {wanted}").into());
    }
    Ok((before.0 + after.0, elapsed))
}

fn uneven_map(params: &Params) -> Result<Outcome, Failure> {
    let workers = params.size(WORKERS.0);
    let all_loops = uneven_loops(params.get("tasks"), params.get(LOOPS.0));
    let runtime = multi_thread(workers)?;
    let (in_order, elapsed) = beside_in_order(&all_loops, || {
        runtime.block_on(timed(spawn_all(all_loops.clone())))
    })?;
    Ok(speed_up(params.get("tasks"), in_order, elapsed, workers))
}

fn steal(params: &Params) -> Result<Outcome, Failure> {
    let (tasks, repeat) = (params.get("tasks"), params.get("repeat"));
    let pause = Duration::from_millis(params.get("pause_ms"));
    let workers = params.size(WORKERS.0);
    let all_loops = vec![params.get("task_us") * params.get(LOOPS.0); params.size("tasks")];
    let runtime = multi_thread(workers)?;
    let (mut in_order, mut elapsed) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..repeat {
        let (alone, together) = beside_in_order(&all_loops, || {
            thread::sleep(pause);
            let spawning = spawn_all(all_loops.clone());
            runtime.block_on(timed(async { tokio::spawn(spawning).await? }))
        })?;
        in_order += alone;
        elapsed += together;
    }
    Ok(speed_up(tasks * repeat, in_order, elapsed, workers))
}
