//! Measures the multi-thread runtime: spawning, yielding, ping-pongs and chained
//! spawns in the shapes of Tokio's own benches, and a bounded channel between
//! two tasks.
//! Outside the timed part: building and dropping the runtime (its threads are
//! up, though perhaps still parking), making channels, allocating vectors.
//! `block_on` runs on the calling thread, which is not one of the workers: what
//! it spawns goes in by the shared queue, in Tokio's "local" shape as well.

use super::sync::{ping, transfer, transfer_here};
use crate::row::{
    check, join_sum, multi_thread, parts, sum_below, timed, Failure, Outcome, Params, Row, WORKERS,
};
use crate::work::burn;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{sync_channel, Receiver, SyncSender};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::yield_now;

const LOOPS: (&str, u64) = ("loops_per_us", 600);
/// Tokio's bench spins by the clock; here it is work of that length.
const BUSY_US: u64 = 10;

pub const ROWS: &[Row] = &[
    Row {
        name: "mt_spawn_many_local",
        params: &[WORKERS, ("tasks", 10_000), ("repeat", 20)],
        run: spawn_many_local,
    },
    Row {
        name: "mt_spawn_many_remote_idle",
        params: &[WORKERS, ("tasks", 10_000), ("repeat", 20)],
        run: spawn_many_remote_idle,
    },
    Row {
        name: "mt_spawn_many_remote_busy1",
        params: &[WORKERS, ("tasks", 10_000), ("repeat", 5), LOOPS],
        run: spawn_many_remote_busy1,
    },
    Row {
        name: "mt_spawn_many_remote_busy2",
        params: &[WORKERS, ("tasks", 1_000), ("repeat", 5), LOOPS],
        run: spawn_many_remote_busy2,
    },
    Row {
        name: "mt_yield_many",
        params: &[WORKERS, ("tasks", 200), ("yields", 1_000), ("repeat", 5)],
        run: yield_many,
    },
    Row {
        name: "mt_ping_pong",
        params: &[WORKERS, ("pings", 1_000), ("repeat", 100)],
        run: ping_pong,
    },
    Row {
        name: "mt_chained_spawn",
        params: &[WORKERS, ("depth", 1_000), ("repeat", 200)],
        run: chained_spawn,
    },
    Row {
        name: "shared_mpsc",
        params: &[WORKERS, ("messages", 1_000_000), ("capacity", 1_000)],
        run: shared_mpsc,
    },
];

fn runtime(params: &Params) -> Result<Runtime, Failure> {
    multi_thread(params.size(WORKERS.0))
}

/// Counts tasks down and tells the waiting thread when the last is done.
struct Countdown {
    left: AtomicU64,
    done: SyncSender<()>,
}

impl Countdown {
    fn new() -> (Arc<Countdown>, Receiver<()>) {
        let (done, finished) = sync_channel(1);
        (
            Arc::new(Countdown {
                left: AtomicU64::new(0),
                done,
            }),
            finished,
        )
    }

    fn reset(&self, count: u64) {
        self.left.store(count, Ordering::Relaxed);
    }

    fn finish_one(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            let _ = self.done.send(());
        }
    }
}

/// Waits for one report; a task that never reports fails the round instead of
/// blocking it for good.
fn wait(finished: &Receiver<()>) -> Result<(), Failure> {
    Ok(finished.recv_timeout(Duration::from_secs(60))?)
}

/// Times `repeat` runs of `once`, each of which does `each` operations.
fn repeated(
    repeat: u64,
    each: u64,
    mut once: impl FnMut() -> Result<(), Failure>,
) -> Result<Outcome, Failure> {
    let start = Instant::now();
    for _ in 0..repeat {
        once()?;
    }
    Ok(Outcome::new(repeat * each, start.elapsed()))
}

/// Tasks that count down, spawned within `block_on`, which then blocks its
/// thread until the last one is done.
fn spawn_many_local(params: &Params) -> Result<Outcome, Failure> {
    let (tasks, runtime) = (params.get("tasks"), runtime(params)?);
    let (countdown, finished) = Countdown::new();
    repeated(params.get("repeat"), tasks, || {
        countdown.reset(tasks);
        runtime.block_on(async {
            for _ in 0..tasks {
                let countdown = countdown.clone();
                tokio::spawn(async move { countdown.finish_one() });
            }
            wait(&finished)
        })
    })
}

/// Empty tasks spawned from outside while the workers are idle, then joined.
fn spawn_many_remote_idle(params: &Params) -> Result<Outcome, Failure> {
    let (tasks, runtime) = (params.get("tasks"), runtime(params)?);
    let mut handles = Vec::with_capacity(tasks as usize);
    repeated(params.get("repeat"), tasks, || {
        for i in 0..tasks {
            handles.push(runtime.spawn(async move { i }));
        }
        check(
            "sum",
            runtime.block_on(join_sum(&mut handles))?,
            sum_below(tasks),
        )
    })
}

/// Empty tasks spawned from outside while the workers have other work.
fn spawn_many_remote_busy(
    params: &Params,
    keep_busy: impl FnOnce(&Runtime, Arc<AtomicBool>, u64),
) -> Result<Outcome, Failure> {
    let (tasks, runtime) = (params.get("tasks"), runtime(params)?);
    let mut handles = Vec::with_capacity(tasks as usize);
    let go_on = Arc::new(AtomicBool::new(true));
    keep_busy(&runtime, go_on.clone(), BUSY_US * params.get(LOOPS.0));
    let outcome = repeated(params.get("repeat"), tasks, || {
        for i in 0..tasks {
            handles.push(runtime.spawn(async move { i }));
        }
        check(
            "sum",
            runtime.block_on(join_sum(&mut handles))?,
            sum_below(tasks),
        )
    });
    go_on.store(false, Ordering::Relaxed);
    outcome
}

/// Busy with twice as many tasks as workers, which work and yield.
fn spawn_many_remote_busy1(params: &Params) -> Result<Outcome, Failure> {
    let busy = 2 * params.get(WORKERS.0);
    spawn_many_remote_busy(params, |runtime, go_on, loops| {
        for _ in 0..busy {
            let go_on = go_on.clone();
            runtime.spawn(async move {
                while go_on.load(Ordering::Relaxed) {
                    yield_now().await;
                    burn(loops);
                }
            });
        }
    })
}

/// Works, and spawns a task that does the same.
fn busy_chain(go_on: Arc<AtomicBool>, loops: u64) {
    tokio::spawn(async move {
        if go_on.load(Ordering::Relaxed) {
            burn(loops);
            busy_chain(go_on, loops);
        }
    });
}

/// Busy with as many chains as workers.
fn spawn_many_remote_busy2(params: &Params) -> Result<Outcome, Failure> {
    let busy = params.get(WORKERS.0);
    spawn_many_remote_busy(params, |runtime, go_on, loops| {
        let _entered = runtime.enter();
        for _ in 0..busy {
            busy_chain(go_on.clone(), loops);
        }
    })
}

/// Tasks spawned from outside that yield over and over; each reports its end.
fn yield_many(params: &Params) -> Result<Outcome, Failure> {
    let (tasks, yields) = (params.get("tasks"), params.get("yields"));
    let runtime = runtime(params)?;
    let (done, finished) = sync_channel(tasks as usize);
    repeated(params.get("repeat"), tasks * yields, || {
        for _ in 0..tasks {
            let done = done.clone();
            runtime.spawn(async move {
                for _ in 0..yields {
                    yield_now().await;
                }
                let _ = done.send(());
            });
        }
        (0..tasks).try_for_each(|_| wait(&finished))
    })
}

/// One task spawns all the pingers, so that they start on a worker.
async fn ping_all(pings: u64, countdown: Arc<Countdown>) {
    for _ in 0..pings {
        let countdown = countdown.clone();
        tokio::spawn(async move {
            if ping().await == 1 {
                countdown.finish_one();
            }
        });
    }
}

fn ping_pong(params: &Params) -> Result<Outcome, Failure> {
    let (pings, runtime) = (params.get("pings"), runtime(params)?);
    let (countdown, finished) = Countdown::new();
    repeated(params.get("repeat"), pings, || {
        countdown.reset(pings);
        runtime.block_on(async {
            tokio::spawn(ping_all(pings, countdown.clone()));
            wait(&finished)
        })
    })
}

/// Spawns a task that does the same with one less, down to none.
fn chain(depth: u64, done: SyncSender<()>) {
    if depth == 0 {
        let _ = done.send(());
        return;
    }
    tokio::spawn(async move { chain(depth - 1, done) });
}

fn chained_spawn(params: &Params) -> Result<Outcome, Failure> {
    let (depth, runtime) = (params.get("depth"), runtime(params)?);
    let (done, finished) = sync_channel(1);
    repeated(params.get("repeat"), depth, || {
        runtime.block_on(async {
            chain(depth, done.clone());
            wait(&finished)
        })
    })
}

/// From a worker to the thread in `block_on`, and between two tasks, which may
/// come to be on one worker.
fn shared_mpsc(params: &Params) -> Result<Outcome, Failure> {
    let (messages, runtime) = (params.get("messages"), runtime(params)?);
    let mut found = Vec::new();
    let ends = mpsc::channel(params.size("capacity"));
    let (elapsed, sum) = runtime.block_on(timed(transfer_here(ends, messages)));
    check("sum", sum?, sum_below(messages))?;
    found.push(("toCallerNs", messages, elapsed));
    let ends = mpsc::channel(params.size("capacity"));
    let (elapsed, sum) = runtime.block_on(timed(transfer(ends, messages)));
    check("sum", sum?, sum_below(messages))?;
    found.push(("betweenTasksNs", messages, elapsed));
    Ok(parts(&found))
}
