//! Measures the synchronisation primitives on the current-thread runtime:
//! oneshot ping-pongs and a bounded channel.
//! Outside the timed part: building and dropping the runtime, entering
//! `block_on`, making the channel, allocating handle vectors.

use crate::row::{
    check, current_thread, join_sum, sum_below, timed, Failure, Outcome, Params, Row,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub const ROWS: &[Row] = &[
    Row {
        name: "ping_pong",
        params: &[("pings", 1_000), ("repeat", 100)],
        run: ping_pong,
    },
    Row {
        name: "mpsc",
        params: &[("messages", 1_000_000), ("capacity", 1_000)],
        run: channel,
    },
];

/// One ping-pong: two oneshots and a partner task that answers the first on
/// the second. 1 when the answer came.
pub async fn ping() -> u64 {
    let (ping, pinged) = oneshot::channel::<()>();
    let (pong, ponged) = oneshot::channel::<()>();
    tokio::spawn(async move {
        if pinged.await.is_ok() {
            let _ = pong.send(());
        }
    });
    let sent = ping.send(()).is_ok();
    u64::from(ponged.await.is_ok() && sent)
}

async fn ping_rounds(
    pings: u64,
    repeat: u64,
    handles: &mut Vec<JoinHandle<u64>>,
) -> Result<u64, Failure> {
    let mut sum = 0;
    for _ in 0..repeat {
        for _ in 0..pings {
            handles.push(tokio::spawn(ping()));
        }
        sum += join_sum(handles).await?;
    }
    Ok(sum)
}

fn ping_pong(params: &Params) -> Result<Outcome, Failure> {
    let (pings, repeat) = (params.get("pings"), params.get("repeat"));
    let runtime = current_thread()?;
    let mut handles = Vec::with_capacity(pings as usize);
    let (elapsed, sum) = runtime.block_on(timed(ping_rounds(pings, repeat, &mut handles)));
    check("pongs", sum?, pings * repeat)?;
    Ok(Outcome::new(pings * repeat, elapsed))
}

async fn send_all(sender: mpsc::Sender<u64>, messages: u64) {
    for i in 0..messages {
        if sender.send(i).await.is_err() {
            return;
        }
    }
}

async fn receive_all(mut receiver: mpsc::Receiver<u64>) -> u64 {
    let mut sum = 0;
    while let Some(message) = receiver.recv().await {
        sum += message;
    }
    sum
}

/// Sends 0.. up to `messages` from one task to another and gives the sum; used
/// on both kinds of runtime.
pub async fn transfer(
    (sender, receiver): (mpsc::Sender<u64>, mpsc::Receiver<u64>),
    messages: u64,
) -> Result<u64, Failure> {
    let receiving = tokio::spawn(receive_all(receiver));
    let sending = tokio::spawn(send_all(sender, messages));
    let (_, sum) = tokio::try_join!(sending, receiving)?;
    Ok(sum)
}

/// The same, received by whoever waits for it.
pub async fn transfer_here(
    (sender, receiver): (mpsc::Sender<u64>, mpsc::Receiver<u64>),
    messages: u64,
) -> Result<u64, Failure> {
    let sending = tokio::spawn(send_all(sender, messages));
    let sum = receive_all(receiver).await;
    sending.await?;
    Ok(sum)
}

fn channel(params: &Params) -> Result<Outcome, Failure> {
    let messages = params.get("messages");
    let runtime = current_thread()?;
    let ends = mpsc::channel(params.size("capacity"));
    let (elapsed, sum) = runtime.block_on(timed(transfer(ends, messages)));
    check("sum", sum?, sum_below(messages))?;
    Ok(Outcome::new(messages, elapsed))
}
