//! Measures channels in the shapes of Tokio's own benches: many senders to one
//! receiver, requests with replies, broadcasts, a watched value; on the
//! current-thread runtime, and as `mt_` rows on the multi-thread one.
//! Outside the timed part: building and dropping the runtime, entering
//! `block_on`, and for broadcasts and watched values spawning the receivers.
//! Making an mpsc channel is inside, as it is in Tokio's.
//! On several threads what a receiver of a broadcast does is work of a
//! microsecond, as long as what Tokio's formats; on one thread it does nothing.

use crate::row::{
    check, current_thread, join_sum, multi_thread, parts, sum_below, timed, Failure, Outcome,
    Params, Part, Row, WORKERS,
};
use crate::work::burn;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::{broadcast, mpsc, oneshot, watch, Notify};
use tokio::task::{yield_now, JoinHandle};

const CONTENTION: [(&str, u64); 3] = [("tasks", 5), ("messages", 1_000), ("repeat", 20)];
const REQUESTS: [(&str, u64); 2] = [("requests", 1_000), ("repeat", 20)];
const RECEIVES: (&str, u64) = ("receives", 200_000);
const FEWER_RECEIVES: (&str, u64) = ("receives", 50_000);
const LOOPS: (&str, u64) = ("loops_per_us", 600);

pub const ROWS: &[Row] = &[
    Row {
        name: "mpsc_contention",
        params: &CONTENTION,
        run: |params| contention(current_thread()?, params),
    },
    Row {
        name: "mt_mpsc_contention",
        params: &[WORKERS, CONTENTION[0], CONTENTION[1], CONTENTION[2]],
        run: |params| contention(workers(params)?, params),
    },
    Row {
        name: "mpsc_uncontended",
        params: &[("messages", 5_000), ("repeat", 20)],
        run: uncontended,
    },
    Row {
        name: "request_reply",
        params: &REQUESTS,
        run: |params| request_reply(current_thread()?, params),
    },
    Row {
        name: "mt_request_reply",
        params: &[("worker_threads", 1), REQUESTS[0], REQUESTS[1]],
        run: |params| request_reply(workers(params)?, params),
    },
    Row {
        name: "broadcast",
        params: &[RECEIVES],
        run: |params| broadcasts(current_thread()?, params, 0),
    },
    Row {
        name: "mt_broadcast",
        params: &[WORKERS, FEWER_RECEIVES, LOOPS],
        run: |params| broadcasts(workers(params)?, params, params.get(LOOPS.0)),
    },
    Row {
        name: "watch",
        params: &[RECEIVES],
        run: |params| watches(current_thread()?, params, 0),
    },
    Row {
        name: "mt_watch",
        params: &[WORKERS, FEWER_RECEIVES, LOOPS],
        run: |params| watches(workers(params)?, params, params.get(LOOPS.0)),
    },
];

fn workers(params: &Params) -> Result<Runtime, Failure> {
    multi_thread(params.size(WORKERS.0))
}

/// As many as any of the rows sends before it receives.
const AMPLE: usize = 1_000_000;
/// So few that the senders wait.
const SCANT: usize = 100;

/// Both kinds of channel, for one code of the senders and receivers of either.
enum Sender {
    Bounded(mpsc::Sender<u64>),
    Unbounded(mpsc::UnboundedSender<u64>),
}

enum Receiver {
    Bounded(mpsc::Receiver<u64>),
    Unbounded(mpsc::UnboundedReceiver<u64>),
}

async fn send_all(sender: Sender, messages: u64) {
    match sender {
        Sender::Bounded(sender) => {
            for i in 0..messages {
                if sender.send(i).await.is_err() {
                    return;
                }
            }
        }
        Sender::Unbounded(sender) => {
            for i in 0..messages {
                if sender.send(i).is_err() {
                    return;
                }
            }
        }
    }
}

async fn receive_all(receiver: &mut Receiver, messages: u64) -> u64 {
    let mut sum = 0;
    match receiver {
        Receiver::Bounded(receiver) => {
            for _ in 0..messages {
                sum += receiver.recv().await.unwrap_or(0);
            }
        }
        Receiver::Unbounded(receiver) => {
            for _ in 0..messages {
                sum += receiver.recv().await.unwrap_or(0);
            }
        }
    }
    sum
}

async fn receive_many(receiver: &mut Receiver, messages: u64) -> u64 {
    let limit = messages as usize;
    let mut received = Vec::with_capacity(limit);
    while received.len() < limit {
        let count = match receiver {
            Receiver::Bounded(receiver) => receiver.recv_many(&mut received, limit).await,
            Receiver::Unbounded(receiver) => receiver.recv_many(&mut received, limit).await,
        };
        if count == 0 {
            break;
        }
    }
    received.iter().sum()
}

async fn receive(receiver: &mut Receiver, messages: u64, many: bool) -> u64 {
    if many {
        return receive_many(receiver, messages).await;
    }
    receive_all(receiver, messages).await
}

fn open(capacity: Option<usize>) -> (Sender, Receiver) {
    if let Some(capacity) = capacity {
        let (sender, receiver) = mpsc::channel(capacity);
        return (Sender::Bounded(sender), Receiver::Bounded(receiver));
    }
    let (sender, receiver) = mpsc::unbounded_channel();
    (Sender::Unbounded(sender), Receiver::Unbounded(receiver))
}

fn clone(sender: &Sender) -> Sender {
    match sender {
        Sender::Bounded(sender) => Sender::Bounded(sender.clone()),
        Sender::Unbounded(sender) => Sender::Unbounded(sender.clone()),
    }
}

/// Sizes of a row about mpsc channels.
#[derive(Clone, Copy)]
struct Sizes {
    tasks: u64,
    messages: u64,
    repeat: u64,
}

/// Tasks send into one channel; who waits for `block_on` receives.
async fn contend(sizes: Sizes, capacity: Option<usize>, many: bool) -> Result<(), Failure> {
    for _ in 0..sizes.repeat {
        let (sender, mut receiver) = open(capacity);
        for _ in 0..sizes.tasks {
            tokio::spawn(send_all(clone(&sender), sizes.messages));
        }
        let sum = receive(&mut receiver, sizes.tasks * sizes.messages, many).await;
        check("sum", sum, sizes.tasks * sum_below(sizes.messages))?;
    }
    Ok(())
}

/// One task sends all, then receives all.
async fn send_then_receive(
    sizes: Sizes,
    capacity: Option<usize>,
    many: bool,
) -> Result<(), Failure> {
    for _ in 0..sizes.repeat {
        let (sender, mut receiver) = open(capacity);
        send_all(sender, sizes.messages).await;
        let sum = receive(&mut receiver, sizes.messages, many).await;
        check("sum", sum, sum_below(sizes.messages))?;
    }
    Ok(())
}

/// Times one part of a round.
fn part(
    runtime: &Runtime,
    field: &'static str,
    sizes: Sizes,
    work: impl Future<Output = Result<(), Failure>>,
) -> Result<Part, Failure> {
    let (elapsed, result) = runtime.block_on(timed(work));
    result?;
    Ok((field, sizes.tasks * sizes.messages * sizes.repeat, elapsed))
}

fn contention(runtime: Runtime, params: &Params) -> Result<Outcome, Failure> {
    let sizes = Sizes {
        tasks: params.get("tasks"),
        messages: params.get("messages"),
        repeat: params.get("repeat"),
    };
    let part = |field, capacity, many| part(&runtime, field, sizes, contend(sizes, capacity, many));
    Ok(parts(&[
        part("boundedNs", Some(AMPLE), false)?,
        part("boundedManyNs", Some(AMPLE), true)?,
        part("fullNs", Some(SCANT), false)?,
        part("fullManyNs", Some(SCANT), true)?,
        part("unboundedNs", None, false)?,
        part("unboundedManyNs", None, true)?,
    ]))
}

fn uncontended(params: &Params) -> Result<Outcome, Failure> {
    let runtime = current_thread()?;
    let sizes = Sizes {
        tasks: 1,
        messages: params.get("messages"),
        repeat: params.get("repeat"),
    };
    let part = |field, capacity, many| {
        part(
            &runtime,
            field,
            sizes,
            send_then_receive(sizes, capacity, many),
        )
    };
    Ok(parts(&[
        part("boundedNs", Some(AMPLE), false)?,
        part("boundedManyNs", Some(AMPLE), true)?,
        part("unboundedNs", None, false)?,
        part("unboundedManyNs", None, true)?,
    ]))
}

const REQUEST_CAPACITY: usize = 10;

async fn reply_all(mut receiver: mpsc::Receiver<oneshot::Sender<u64>>) {
    while let Some(reply) = receiver.recv().await {
        let _ = reply.send(1);
    }
}

async fn request_all(
    sender: mpsc::Sender<oneshot::Sender<u64>>,
    requests: u64,
) -> Result<u64, Failure> {
    let mut sum = 0;
    for _ in 0..requests {
        let (reply, replied) = oneshot::channel();
        sender.send(reply).await?;
        sum += replied.await?;
    }
    Ok(sum)
}

fn request_reply(runtime: Runtime, params: &Params) -> Result<Outcome, Failure> {
    let requests = params.get("requests") * params.get("repeat");
    let (sender, receiver) = mpsc::channel(REQUEST_CAPACITY);
    runtime.spawn(reply_all(receiver));
    let (elapsed, replies) = runtime.block_on(timed(request_all(sender, requests)));
    check("replies", replies?, requests)?;
    Ok(Outcome::new(requests, elapsed))
}

/// Counts receivers down and tells who sends when the last is done.
#[derive(Default)]
struct Group {
    left: AtomicU64,
    done: Notify,
}

impl Group {
    fn expect(&self, count: u64) {
        self.left.store(count, Ordering::Relaxed);
    }

    fn finish_one(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.done.notify_one();
        }
    }

    async fn wait(&self) {
        while self.left.load(Ordering::Acquire) > 0 {
            self.done.notified().await;
        }
    }
}

fn work(loops: u64) {
    if loops > 0 {
        burn(loops);
    }
}

async fn receive_broadcasts(
    mut receiver: broadcast::Receiver<u64>,
    group: Arc<Group>,
    loops: u64,
) -> u64 {
    let mut sum = 0;
    while let Ok(message) = receiver.recv().await {
        work(loops);
        sum += message;
        group.finish_one();
    }
    sum
}

/// Each message is sent when all have received the one before.
async fn broadcast_all(receivers: u64, messages: u64, loops: u64) -> Result<Duration, Failure> {
    let (sender, _) = broadcast::channel(1_000);
    let group = Arc::new(Group::default());
    let mut handles: Vec<JoinHandle<u64>> = (0..receivers)
        .map(|_| tokio::spawn(receive_broadcasts(sender.subscribe(), group.clone(), loops)))
        .collect();
    // On one thread the receivers have not run before this.
    yield_now().await;
    let start = Instant::now();
    for message in 0..messages {
        group.expect(receivers);
        sender.send(message)?;
        group.wait().await;
    }
    let elapsed = start.elapsed();
    drop(sender);
    let sum = join_sum(&mut handles).await?;
    check("sum", sum, receivers * sum_below(messages))?;
    Ok(elapsed)
}

async fn watch_changes(mut receiver: watch::Receiver<u64>, group: Arc<Group>, loops: u64) -> u64 {
    let mut sum = 0;
    while receiver.changed().await.is_ok() {
        sum += *receiver.borrow();
        work(loops);
        group.finish_one();
    }
    sum
}

async fn change_over_and_over(
    sender: watch::Sender<u64>,
    receivers: u64,
    messages: u64,
    group: Arc<Group>,
) {
    for message in 0..messages {
        group.expect(receivers);
        let _ = sender.send(message);
        group.wait().await;
    }
}

/// The same with a watched value. Who changes it is a task.
async fn watch_all(receivers: u64, messages: u64, loops: u64) -> Result<Duration, Failure> {
    let (sender, _) = watch::channel(0);
    let group = Arc::new(Group::default());
    let mut handles: Vec<JoinHandle<u64>> = (0..receivers)
        .map(|_| tokio::spawn(watch_changes(sender.subscribe(), group.clone(), loops)))
        .collect();
    yield_now().await;
    let start = Instant::now();
    tokio::spawn(change_over_and_over(sender, receivers, messages, group)).await?;
    let elapsed = start.elapsed();
    let sum = join_sum(&mut handles).await?;
    check("sum", sum, receivers * sum_below(messages))?;
    Ok(elapsed)
}

/// All of them receive as often in all, however many they are.
fn each(receives: u64, receivers: u64) -> u64 {
    receives.div_ceil(receivers)
}

const RECEIVERS: [(&str, u64); 3] = [("to10Ns", 10), ("to100Ns", 100), ("to1000Ns", 1_000)];

fn broadcasts(runtime: Runtime, params: &Params, loops: u64) -> Result<Outcome, Failure> {
    let receives = params.get(RECEIVES.0);
    let mut found = Vec::new();
    for (field, receivers) in RECEIVERS {
        let messages = each(receives, receivers);
        let elapsed = runtime.block_on(broadcast_all(receivers, messages, loops))?;
        found.push((field, receivers * messages, elapsed));
    }
    Ok(parts(&found))
}

fn watches(runtime: Runtime, params: &Params, loops: u64) -> Result<Outcome, Failure> {
    let receives = params.get(RECEIVES.0);
    let mut found = Vec::new();
    for (field, receivers) in RECEIVERS {
        let messages = each(receives, receivers);
        let elapsed = runtime.block_on(watch_all(receivers, messages, loops))?;
        found.push((field, receivers * messages, elapsed));
    }
    Ok(parts(&found))
}
