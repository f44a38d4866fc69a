//! Measures timers on the current-thread runtime: registering and dropping
//! sleeps that never fire, and many short sleeps that all do.
//! Outside the timed part: building and dropping the runtime, entering
//! `block_on`, and allocating the vector of handles.

use crate::row::{check, current_thread, join_sum, timed, Failure, Outcome, Params, Row};
use std::future::{poll_fn, Future};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{sleep, Instant};

pub const ROWS: &[Row] = &[
    Row {
        name: "timers_cancel",
        params: &[("sleeps", 100_000), ("duration_ms", 1_000)],
        run: timers_cancel,
    },
    Row {
        name: "timers_fire",
        params: &[("tasks", 100_000), ("spread_ms", 100)],
        run: timers_fire,
    },
];

/// Polls one sleep once, which puts it on the timer wheel, and drops it.
/// 1 when it was pending.
async fn register_and_drop(duration: Duration) -> u64 {
    let mut sleeping = pin!(sleep(duration));
    poll_fn(|context| Poll::Ready(u64::from(sleeping.as_mut().poll(context).is_pending()))).await
}

fn timers_cancel(params: &Params) -> Result<Outcome, Failure> {
    let (sleeps, duration) = (params.get("sleeps"), params.get("duration_ms"));
    let duration = Duration::from_millis(duration);
    let runtime = current_thread()?;
    let (elapsed, pending) = runtime.block_on(timed(async {
        let mut pending = 0;
        for _ in 0..sleeps {
            pending += register_and_drop(duration).await;
        }
        pending
    }));
    check("pending", pending, sleeps)?;
    Ok(Outcome::new(sleeps, elapsed))
}

/// Sleeps; 1 when it woke before its deadline.
async fn fire(duration: Duration) -> u64 {
    let sleeping = sleep(duration);
    let deadline = sleeping.deadline();
    sleeping.await;
    u64::from(Instant::now() < deadline)
}

fn timers_fire(params: &Params) -> Result<Outcome, Failure> {
    let (tasks, spread) = (params.get("tasks"), params.get("spread_ms"));
    let runtime = current_thread()?;
    let mut handles: Vec<JoinHandle<u64>> = Vec::with_capacity(tasks as usize);
    let (elapsed, early) = runtime.block_on(timed(async {
        for i in 0..tasks {
            handles.push(tokio::spawn(fire(Duration::from_millis(i % spread + 1))));
        }
        join_sum(&mut handles).await
    }));
    let mut outcome = Outcome::new(tasks, elapsed);
    outcome.extra.push(("early", early? as f64));
    outcome
        .extra
        .push(("wallMs", elapsed.as_micros() as f64 / 1e3));
    Ok(outcome)
}
