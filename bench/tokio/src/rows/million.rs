//! Measures a million sleeping tasks on the current-thread runtime: resident
//! memory per task once each has been polled, and the time until all are done.
//! Outside the timed part: building and dropping the runtime, giving back the
//! memory of earlier rounds. The growth counts all a program pays for a task it
//! can join: the task, its timer, its run queue slot, and its 8-byte handle.

use crate::host::{release_freed_memory, resident_bytes};
use crate::row::{check, current_thread, join_sum, timed, Failure, Outcome, Params, Row};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::task::{yield_now, JoinHandle};
use tokio::time::sleep;

pub const ROWS: &[Row] = &[Row {
    name: "million",
    params: &[("tasks", 1_000_000), ("duration_ms", 3_000)],
    run: million,
}];

// Statics, so that counting adds nothing to the size of a task.
static POLLED: AtomicU64 = AtomicU64::new(0);
static WOKEN: AtomicU64 = AtomicU64::new(0);

async fn sleeper(duration: Duration) -> u64 {
    POLLED.fetch_add(1, Relaxed);
    sleep(duration).await;
    WOKEN.fetch_add(1, Relaxed);
    1
}

/// The state at the moment when every task had been polled once.
struct Full {
    after: Duration,
    resident: u64,
    woken: u64,
}

async fn spawn_and_poll(
    tasks: u64,
    duration: Duration,
    handles: &mut Vec<JoinHandle<u64>>,
) -> Result<Full, Failure> {
    let start = Instant::now();
    for _ in 0..tasks {
        handles.push(tokio::spawn(sleeper(duration)));
    }
    while POLLED.load(Relaxed) < tasks {
        yield_now().await;
    }
    let (after, woken) = (start.elapsed(), WOKEN.load(Relaxed));
    Ok(Full {
        after,
        woken,
        resident: resident_bytes()?,
    })
}

fn million(params: &Params) -> Result<Outcome, Failure> {
    let (tasks, duration) = (params.get("tasks"), params.get("duration_ms"));
    let duration = Duration::from_millis(duration);
    POLLED.store(0, Relaxed);
    WOKEN.store(0, Relaxed);
    release_freed_memory();
    let before = resident_bytes()?;
    let runtime = current_thread()?;
    let mut handles = Vec::with_capacity(tasks as usize);
    let (elapsed, result) = runtime.block_on(timed(async {
        let full = spawn_and_poll(tasks, duration, &mut handles).await?;
        Ok::<_, Failure>((full, join_sum(&mut handles).await?))
    }));
    let (full, done) = result?;
    check("done", done, tasks)?;
    Ok(report(tasks, elapsed, before, &full))
}

/// `wokenAtReading` above 0 means that not all slept at once: ask for a longer
/// duration.
fn report(tasks: u64, elapsed: Duration, before: u64, full: &Full) -> Outcome {
    let grown = full.resident.saturating_sub(before) as f64;
    let mut outcome = Outcome::new(tasks, elapsed);
    outcome
        .extra
        .push(("bytesPerTask", (grown / tasks as f64 * 10.0).round() / 10.0));
    outcome
        .extra
        .push(("totalMs", elapsed.as_micros() as f64 / 1e3));
    outcome
        .extra
        .push(("allPolledMs", full.after.as_micros() as f64 / 1e3));
    outcome.extra.push(("wokenAtReading", full.woken as f64));
    outcome
}
