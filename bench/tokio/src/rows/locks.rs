//! Measures what tasks wait for in line: a mutex, a semaphore, a lock of
//! readers and writers, and notifications; on the current-thread runtime, and as
//! `mt_` rows on the multi-thread one. Semaphore, lock and notifications are in
//! the shapes of Tokio's own benches.
//! Outside the timed part: building and dropping the runtime, entering
//! `block_on`, making the locks, spawning the tasks that wait for notifications.

use crate::row::{
    check, current_thread, join_sum, multi_thread, parts, timed, Failure, Outcome, Params, Part,
    Row, WORKERS,
};
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, Notify, RwLock, Semaphore};
use tokio::task::{yield_now, JoinHandle};

const MUTEX: [(&str, u64); 2] = [("tasks", 8), ("locks", 10_000)];
const CANCEL: [(&str, u64); 3] = [("few", 1_000), ("many", 100_000), ("cancels", 100_000)];
const WAKES: (&str, u64) = ("wakes", 20_000);

pub const ROWS: &[Row] = &[
    Row {
        name: "mutex",
        params: &MUTEX,
        run: |params| mutex(current_thread()?, params),
    },
    Row {
        name: "mt_mutex",
        params: &[WORKERS, MUTEX[0], MUTEX[1]],
        run: |params| mutex(workers(params)?, params),
    },
    Row {
        name: "lock_uncontended",
        params: &[("locks", 100_000)],
        run: |params| lock_uncontended(current_thread()?, params),
    },
    Row {
        name: "mt_lock_uncontended",
        params: &[WORKERS, ("locks", 100_000)],
        run: |params| lock_uncontended(workers(params)?, params),
    },
    Row {
        name: "cancel_waiter",
        params: &CANCEL,
        run: |params| cancel_waiter(current_thread()?, params),
    },
    Row {
        name: "mt_cancel_waiter",
        params: &[WORKERS, CANCEL[0], CANCEL[1], CANCEL[2]],
        run: |params| cancel_waiter(workers(params)?, params),
    },
    Row {
        name: "semaphore",
        params: &[("repeat", 5_000)],
        run: semaphore,
    },
    Row {
        name: "mt_semaphore",
        params: &[WORKERS, ("repeat", 1_000)],
        run: mt_semaphore,
    },
    Row {
        name: "rwlock",
        params: &[("repeat", 5_000)],
        run: rwlock,
    },
    Row {
        name: "mt_rwlock",
        params: &[WORKERS, ("repeat", 1_000)],
        run: mt_rwlock,
    },
    Row {
        name: "notify",
        params: &[WAKES],
        run: notify,
    },
    Row {
        name: "mt_notify",
        params: &[WORKERS, WAKES],
        run: mt_notify,
    },
];

fn workers(params: &Params) -> Result<Runtime, Failure> {
    multi_thread(params.size(WORKERS.0))
}

async fn increments(counter: Arc<Mutex<u64>>, locks: u64) -> u64 {
    for _ in 0..locks {
        *counter.lock().await += 1;
    }
    locks
}

/// Holds the lock while others run, so that the next one has to wait.
async fn held_increments(counter: Arc<Mutex<u64>>, locks: u64) -> u64 {
    for _ in 0..locks {
        let mut count = counter.lock().await;
        yield_now().await;
        *count += 1;
    }
    locks
}

/// Spawns the tasks that `task` makes, and joins them.
async fn spawn_all<F>(count: u64, task: impl Fn() -> F) -> Result<u64, Failure>
where
    F: Future<Output = u64> + Send + 'static,
{
    let mut handles = (0..count).map(|_| tokio::spawn(task())).collect();
    join_sum(&mut handles).await
}

fn mutex(runtime: Runtime, params: &Params) -> Result<Outcome, Failure> {
    let (tasks, locks) = (params.get("tasks"), params.get("locks"));
    let (counter, held) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
    let (first, done) = runtime.block_on(timed(spawn_all(tasks, || {
        increments(counter.clone(), locks)
    })));
    check("locks", done?, tasks * locks)?;
    let (second, done) = runtime.block_on(timed(spawn_all(tasks, || {
        held_increments(held.clone(), locks)
    })));
    check("locks", done?, tasks * locks)?;
    check("count", *counter.blocking_lock(), tasks * locks)?;
    check("count", *held.blocking_lock(), tasks * locks)?;
    Ok(parts(&[
        ("lockNs", tasks * locks, first),
        ("heldNs", tasks * locks, second),
    ]))
}

async fn try_increments(counter: &Mutex<u64>, locks: u64) -> Result<(), Failure> {
    for _ in 0..locks {
        *counter.try_lock()? += 1;
    }
    Ok(())
}

fn lock_uncontended(runtime: Runtime, params: &Params) -> Result<Outcome, Failure> {
    let locks = params.get("locks");
    let counter = Arc::new(Mutex::new(0));
    let (first, _) = runtime.block_on(timed(increments(counter.clone(), locks)));
    let (second, tried) = runtime.block_on(timed(try_increments(&counter, locks)));
    tried?;
    check("count", *counter.blocking_lock(), 2 * locks)?;
    Ok(parts(&[("lockNs", locks, first), ("tryNs", locks, second)]))
}

/// The same order as in bench/harness/work.mjs.
fn shuffled(count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut state: u32 = 1;
    for last in (1..count).rev() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        order.swap(last, state as usize % (last + 1));
    }
    order
}

/// Puts `waiters` into the line of a lock that is held, and takes them out
/// again; how long the taking out took.
fn cancel_all(mutex: &Mutex<u64>, waiters: usize) -> Result<Duration, Failure> {
    let guard = mutex.try_lock()?;
    let mut context = Context::from_waker(Waker::noop());
    let mut line: Vec<_> = (0..waiters).map(|_| Some(Box::pin(mutex.lock()))).collect();
    for wait in line.iter_mut().flatten() {
        check("ready", u64::from(wait.as_mut().poll(&mut context).is_ready()), 0)?;
    }
    let order = shuffled(waiters);
    let start = Instant::now();
    for index in order {
        line[index] = None;
    }
    let elapsed = start.elapsed();
    drop(guard);
    drop(mutex.try_lock()?);
    Ok(elapsed)
}

async fn cancel_repeatedly(waiters: u64, cancels: u64) -> Result<Duration, Failure> {
    let mutex = Mutex::new(0);
    let mut elapsed = Duration::ZERO;
    for _ in 0..cancels / waiters {
        elapsed += cancel_all(&mutex, waiters as usize)?;
    }
    Ok(elapsed)
}

fn cancel_waiter(runtime: Runtime, params: &Params) -> Result<Outcome, Failure> {
    let cancels = params.get("cancels");
    let few = runtime.block_on(cancel_repeatedly(params.get("few"), cancels))?;
    let many = runtime.block_on(cancel_repeatedly(params.get("many"), cancels))?;
    Ok(parts(&[("fewNs", cancels, few), ("manyNs", cancels, many)]))
}

/// In each of Tokio's benches six take a permit.
const TAKERS: u64 = 6;
const ENOUGH: usize = 10;
const TOO_FEW: usize = 5;

async fn take(semaphore: &Semaphore) -> Result<(), Failure> {
    let _permit = semaphore.acquire().await?;
    Ok(())
}

async fn take_in_turn(semaphore: &Semaphore, repeat: u64) -> Result<(), Failure> {
    for _ in 0..repeat * TAKERS {
        take(semaphore).await?;
    }
    Ok(())
}

async fn take_joined(semaphore: &Semaphore, repeat: u64) -> Result<(), Failure> {
    for _ in 0..repeat {
        tokio::try_join!(
            take(semaphore),
            take(semaphore),
            take(semaphore),
            take(semaphore),
            take(semaphore),
            take(semaphore),
        )?;
    }
    Ok(())
}

async fn take_spawned(semaphore: Arc<Semaphore>, repeat: u64) -> Result<(), Failure> {
    for _ in 0..repeat {
        let taken = spawn_all(TAKERS, || {
            let semaphore = semaphore.clone();
            async move { u64::from(take(&semaphore).await.is_ok()) }
        });
        check("permits", taken.await?, TAKERS)?;
    }
    Ok(())
}

/// Times one part of a round.
fn part(
    runtime: &Runtime,
    field: &'static str,
    ops: u64,
    work: impl Future<Output = Result<(), Failure>>,
) -> Result<Part, Failure> {
    let (elapsed, result) = runtime.block_on(timed(work));
    result?;
    Ok((field, ops, elapsed))
}

fn semaphore(params: &Params) -> Result<Outcome, Failure> {
    let (repeat, runtime) = (params.get("repeat"), current_thread()?);
    let (enough, too_few) = (Semaphore::new(ENOUGH), Semaphore::new(TOO_FEW));
    let ops = repeat * TAKERS;
    Ok(parts(&[
        part(
            &runtime,
            "uncontendedNs",
            ops,
            take_in_turn(&enough, repeat),
        )?,
        part(&runtime, "concurrentNs", ops, take_joined(&enough, repeat))?,
        part(&runtime, "contentionNs", ops, take_joined(&too_few, repeat))?,
    ]))
}

fn mt_semaphore(params: &Params) -> Result<Outcome, Failure> {
    let (repeat, runtime) = (params.get("repeat"), workers(params)?);
    let enough = Arc::new(Semaphore::new(ENOUGH));
    let too_few = Arc::new(Semaphore::new(TOO_FEW));
    let ops = repeat * TAKERS;
    Ok(parts(&[
        part(
            &runtime,
            "uncontendedNs",
            ops,
            take_in_turn(&enough, repeat),
        )?,
        part(
            &runtime,
            "concurrentNs",
            ops,
            take_spawned(enough.clone(), repeat),
        )?,
        part(&runtime, "contentionNs", ops, take_spawned(too_few, repeat))?,
    ]))
}

/// In each of Tokio's benches there are six: readers, or a writer and readers.
const HOLDERS: u64 = 6;

async fn read(lock: &RwLock<u64>) -> u64 {
    *lock.read().await
}

async fn read_in_turn(lock: &RwLock<u64>, repeat: u64) -> Result<(), Failure> {
    let mut sum = 0;
    for _ in 0..repeat * HOLDERS {
        sum += read(lock).await;
    }
    check("reads", sum, repeat * HOLDERS)
}

async fn read_joined(lock: &RwLock<u64>, repeat: u64) -> Result<(), Failure> {
    for _ in 0..repeat {
        tokio::join!(
            read(lock),
            read(lock),
            read(lock),
            read(lock),
            read(lock),
            read(lock),
        );
    }
    Ok(())
}

/// The writer lets go once the readers have been started.
async fn read_after_write(lock: &RwLock<u64>, repeat: u64) -> Result<(), Failure> {
    for _ in 0..repeat {
        let guard = lock.write().await;
        tokio::join!(
            async move { drop(guard) },
            read(lock),
            read(lock),
            read(lock),
            read(lock),
            read(lock),
        );
    }
    Ok(())
}

fn spawn_readers(lock: &Arc<RwLock<u64>>, count: u64) -> Vec<JoinHandle<u64>> {
    (0..count)
        .map(|_| {
            let lock = lock.clone();
            tokio::spawn(async move { read(&lock).await })
        })
        .collect()
}

async fn read_spawned(lock: Arc<RwLock<u64>>, repeat: u64) -> Result<(), Failure> {
    for _ in 0..repeat {
        let mut readers = spawn_readers(&lock, HOLDERS);
        check("reads", join_sum(&mut readers).await?, HOLDERS)?;
    }
    Ok(())
}

async fn read_spawned_after_write(lock: Arc<RwLock<u64>>, repeat: u64) -> Result<(), Failure> {
    for _ in 0..repeat {
        let guard = lock.write().await;
        let mut readers = spawn_readers(&lock, HOLDERS - 1);
        drop(guard);
        check("reads", join_sum(&mut readers).await?, HOLDERS - 1)?;
    }
    Ok(())
}

fn rwlock(params: &Params) -> Result<Outcome, Failure> {
    let (repeat, runtime) = (params.get("repeat"), current_thread()?);
    let lock = RwLock::new(1);
    let ops = repeat * HOLDERS;
    Ok(parts(&[
        part(&runtime, "uncontendedNs", ops, read_in_turn(&lock, repeat))?,
        part(&runtime, "concurrentNs", ops, read_joined(&lock, repeat))?,
        part(
            &runtime,
            "contentionNs",
            ops,
            read_after_write(&lock, repeat),
        )?,
    ]))
}

fn mt_rwlock(params: &Params) -> Result<Outcome, Failure> {
    let (repeat, runtime) = (params.get("repeat"), workers(params)?);
    let lock = Arc::new(RwLock::new(1));
    let (shared, contended) = (lock.clone(), lock.clone());
    let ops = repeat * HOLDERS;
    Ok(parts(&[
        part(&runtime, "uncontendedNs", ops, read_in_turn(&lock, repeat))?,
        part(&runtime, "concurrentNs", ops, read_spawned(shared, repeat))?,
        part(
            &runtime,
            "contentionNs",
            ops,
            read_spawned_after_write(contended, repeat),
        )?,
    ]))
}

/// Tasks that wait for one notification after another, and count them.
struct Waiters {
    notify: Arc<Notify>,
    woken: Arc<AtomicU64>,
}

impl Waiters {
    fn spawn(runtime: &Runtime, count: u64) -> Waiters {
        let waiters = Waiters {
            notify: Arc::default(),
            woken: Arc::default(),
        };
        for _ in 0..count {
            let (notify, woken) = (waiters.notify.clone(), waiters.woken.clone());
            runtime.spawn(async move {
                loop {
                    notify.notified().await;
                    woken.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // On one thread nobody has run before this.
        runtime.block_on(yield_now());
        waiters
    }

    fn woken(&self) -> u64 {
        self.woken.load(Ordering::Relaxed)
    }
}

const FEW: u64 = 10;
const MANY: u64 = 100;
const NOTIFY_FIELDS: [(&str, &str, u64); 2] = [
    ("oneOf10Ns", "all10Ns", FEW),
    ("oneOf100Ns", "all100Ns", MANY),
];

/// On one thread the waiters run when the one that notifies yields. One by one,
/// each of them is notified before that.
async fn wake_and_yield(waiters: &Waiters, wakes: u64, wake: impl Fn(&Notify)) {
    while waiters.woken() < wakes {
        wake(&waiters.notify);
        yield_now().await;
    }
}

fn notify(params: &Params) -> Result<Outcome, Failure> {
    let (wakes, runtime) = (params.get(WAKES.0), current_thread()?);
    let mut found = Vec::new();
    for (one, all, count) in NOTIFY_FIELDS {
        let waiters = Waiters::spawn(&runtime, count);
        let (elapsed, ()) = runtime.block_on(timed(wake_and_yield(&waiters, wakes, |notify| {
            (0..count).for_each(|_| notify.notify_one())
        })));
        found.push((one, waiters.woken(), elapsed));
        let waiters = Waiters::spawn(&runtime, count);
        let (elapsed, ()) = runtime.block_on(timed(wake_and_yield(
            &waiters,
            wakes,
            Notify::notify_waiters,
        )));
        found.push((all, waiters.woken(), elapsed));
    }
    Ok(parts(&found))
}

/// The thread outside of the runtime notifies until enough were woken.
fn wake_from_outside(waiters: &Waiters, wakes: u64, wake: impl Fn(&Notify)) -> Duration {
    let start = Instant::now();
    while waiters.woken() < wakes {
        wake(&waiters.notify);
    }
    start.elapsed()
}

fn mt_notify(params: &Params) -> Result<Outcome, Failure> {
    let wakes = params.get(WAKES.0);
    let mut found = Vec::new();
    for (one, all, count) in NOTIFY_FIELDS {
        let runtime = workers(params)?;
        let waiters = Waiters::spawn(&runtime, count);
        found.push((
            one,
            wakes,
            wake_from_outside(&waiters, wakes, Notify::notify_one),
        ));
        let runtime = workers(params)?;
        let waiters = Waiters::spawn(&runtime, count);
        found.push((
            all,
            wakes,
            wake_from_outside(&waiters, wakes, Notify::notify_waiters),
        ));
    }
    Ok(parts(&found))
}
