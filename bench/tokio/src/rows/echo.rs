//! Measures round trips over loopback TCP: an echo server with a task per
//! connection and client tasks, all in one current-thread runtime.
//! Outside the timed part: building and dropping the runtime, raising the file
//! limit, connecting, accepting, and closing the connections.

use crate::host::allow_open_files;
use crate::row::{check, current_thread, timed, Failure, Outcome, Params, Row};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub const ROWS: &[Row] = &[Row {
    name: "echo_tcp",
    params: &[("connections", 1_000), ("messages", 100), ("bytes", 64)],
    run: echo_tcp,
}];

/// A client writes its whole message before it reads; a message must therefore
/// fit the socket buffers, or both sides would wait for ever.
const LONGEST: usize = 65_536;

#[derive(Clone, Copy)]
struct Shape {
    connections: usize,
    messages: u64,
    bytes: usize,
}

/// Echoes until the other side closes; gives the bytes echoed.
async fn echo(mut stream: TcpStream, bytes: usize) -> io::Result<u64> {
    let mut buffer = vec![0; bytes];
    let mut echoed = 0;
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(echoed);
        }
        stream.write_all(&buffer[..count]).await?;
        echoed += count as u64;
    }
}

type Echoing = Vec<JoinHandle<io::Result<u64>>>;

async fn accept_all(listener: TcpListener, shape: Shape) -> io::Result<Echoing> {
    let mut echoing = Vec::with_capacity(shape.connections);
    for _ in 0..shape.connections {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        echoing.push(tokio::spawn(echo(stream, shape.bytes)));
    }
    Ok(echoing)
}

async fn connect_all(shape: Shape) -> Result<(Vec<TcpStream>, Echoing), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let accepting = tokio::spawn(accept_all(listener, shape));
    let mut streams = Vec::with_capacity(shape.connections);
    for _ in 0..shape.connections {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    Ok((streams, accepting.await??))
}

/// Sends and reads back every message; gives the stream back, so that closing
/// it is not timed.
async fn talk(mut stream: TcpStream, shape: Shape, mark: u8) -> io::Result<TcpStream> {
    let sent = vec![mark; shape.bytes];
    let mut received = vec![0; shape.bytes];
    for _ in 0..shape.messages {
        stream.write_all(&sent).await?;
        stream.read_exact(&mut received).await?;
    }
    if received != sent {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the echo differs",
        ));
    }
    Ok(stream)
}

async fn talk_all(streams: Vec<TcpStream>, shape: Shape) -> Result<Vec<TcpStream>, Failure> {
    let mut talking = Vec::with_capacity(streams.len());
    for (i, stream) in streams.into_iter().enumerate() {
        talking.push(tokio::spawn(talk(stream, shape, (i % 255 + 1) as u8)));
    }
    let mut done = Vec::with_capacity(talking.len());
    for task in talking {
        done.push(task.await??);
    }
    Ok(done)
}

/// The time of the messages, and the bytes that the server echoed.
async fn whole(shape: Shape) -> Result<(Duration, u64), Failure> {
    let (streams, echoing) = connect_all(shape).await?;
    let (elapsed, streams) = timed(talk_all(streams, shape)).await;
    drop(streams?);
    let mut echoed = 0;
    for task in echoing {
        echoed += task.await??;
    }
    Ok((elapsed, echoed))
}

fn echo_tcp(params: &Params) -> Result<Outcome, Failure> {
    let (connections, messages) = (params.size("connections"), params.get("messages"));
    let shape = Shape {
        connections,
        messages,
        bytes: params.size("bytes"),
    };
    if shape.bytes > LONGEST {
        return Err(format!("bytes: {LONGEST} at most").into());
    }
    allow_open_files(2 * connections as u64 + 64)?;
    let ops = connections as u64 * messages;
    let (elapsed, echoed) = current_thread()?.block_on(whole(shape))?;
    check("bytes echoed", echoed, ops * shape.bytes as u64)?;
    Ok(Outcome::new(ops, elapsed))
}
