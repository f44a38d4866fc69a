//! Measures tasks that go from the thread in `block_on` to a worker and back:
//! one at a time, one at a time after a pause, and many in flight.
//! Outside the timed part: building and dropping the runtime, the pauses.

use crate::row::{
    check, latencies, multi_thread, sum_below, timed, Failure, Outcome, Params, Row, WORKERS,
};
use crate::work::{invert, make_item, price, Priced, KIB};
use std::collections::VecDeque;
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

const THROUGHPUT: &[(&str, u64)] = &[WORKERS, ("tasks", 100_000), ("in_flight", 1_000)];

pub const ROWS: &[Row] = &[
    Row {
        name: "remote_roundtrip",
        params: &[WORKERS, ("tasks", 5_000)],
        run: remote_roundtrip,
    },
    Row {
        name: "remote_roundtrip_cold",
        params: &[WORKERS, ("tasks", 100), ("pause_ms", 5)],
        run: remote_roundtrip_cold,
    },
    Row {
        name: "remote_throughput",
        params: THROUGHPUT,
        run: numbers,
    },
    Row {
        name: "remote_throughput_object",
        params: THROUGHPUT,
        run: objects,
    },
    Row {
        name: "remote_throughput_bytes",
        params: THROUGHPUT,
        run: bytes,
    },
];

fn runtime(params: &Params) -> Result<Runtime, Failure> {
    multi_thread(params.size(WORKERS.0))
}

async fn one_at_a_time(tasks: u64) -> Result<u64, Failure> {
    let mut sum = 0;
    for i in 0..tasks {
        sum += tokio::spawn(async move { i + 1 }).await?;
    }
    Ok(sum)
}

fn remote_roundtrip(params: &Params) -> Result<Outcome, Failure> {
    let (tasks, runtime) = (params.get("tasks"), runtime(params)?);
    let (elapsed, sum) = runtime.block_on(timed(one_at_a_time(tasks)));
    check("sum", sum?, sum_below(tasks) + tasks)?;
    Ok(Outcome::new(tasks, elapsed))
}

/// The pause blocks the thread in `block_on`, which is none of the workers.
async fn one_after_each_pause(tasks: u64, pause: Duration) -> Result<Vec<Duration>, Failure> {
    let mut samples = Vec::with_capacity(tasks as usize);
    for i in 0..tasks {
        thread::sleep(pause);
        let start = Instant::now();
        let value = tokio::spawn(async move { i + 1 }).await?;
        samples.push(start.elapsed());
        check("the answer", value, i + 1)?;
    }
    Ok(samples)
}

fn remote_roundtrip_cold(params: &Params) -> Result<Outcome, Failure> {
    let pause = Duration::from_millis(params.get("pause_ms"));
    let runtime = runtime(params)?;
    let samples = runtime.block_on(one_after_each_pause(params.get("tasks"), pause))?;
    Ok(latencies(samples))
}

/// Keeps `in_flight` tasks on their way: waits for the oldest, then spawns
/// another in its place. Gives the sum of what `read` makes of the results.
async fn window<T: 'static>(
    params: &Params,
    spawn: impl Fn(u64) -> JoinHandle<T>,
    read: impl Fn(T) -> u64,
) -> Result<u64, Failure> {
    let in_flight = params.size("in_flight");
    let mut handles = VecDeque::with_capacity(in_flight);
    let mut sum = 0;
    for i in 0..params.get("tasks") {
        if handles.len() == in_flight {
            if let Some(oldest) = handles.pop_front() {
                sum += read(oldest.await?);
            }
        }
        handles.push_back(spawn(i));
    }
    for handle in handles {
        sum += read(handle.await?);
    }
    Ok(sum)
}

fn throughput<T: 'static>(
    params: &Params,
    spawn: impl Fn(u64) -> JoinHandle<T>,
    read: impl Fn(T) -> u64,
    wanted: u64,
) -> Result<Outcome, Failure> {
    let runtime = runtime(params)?;
    let (elapsed, sum) = runtime.block_on(timed(window(params, spawn, read)));
    check("sum", sum?, wanted)?;
    Ok(Outcome::new(params.get("tasks"), elapsed))
}

fn numbers(params: &Params) -> Result<Outcome, Failure> {
    let tasks = params.get("tasks");
    let spawn = |i| tokio::spawn(async move { i + 1 });
    throughput(params, spawn, |value| value, sum_below(tasks) + tasks)
}

fn objects(params: &Params) -> Result<Outcome, Failure> {
    let tasks = params.get("tasks");
    let spawn = |i| {
        let item = make_item(i);
        tokio::spawn(async move { price(item) })
    };
    // Twice the total is a whole number.
    let read = |priced: Priced| {
        let complete = priced.id < tasks && priced.name.len() == 6 && priced.tags.len() == 2;
        u64::from(complete) * (priced.total * 2.0) as u64
    };
    throughput(params, spawn, read, tasks * 75)
}

fn bytes(params: &Params) -> Result<Outcome, Failure> {
    let sent = vec![1; KIB];
    let spawn = |_| {
        let bytes = sent.clone();
        tokio::spawn(async move { invert(bytes) })
    };
    let read = |bytes: Vec<u8>| bytes.len() as u64 + u64::from(bytes[0]);
    throughput(
        params,
        spawn,
        read,
        params.get("tasks") * (KIB as u64 + 254),
    )
}
