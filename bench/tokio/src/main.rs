//! Native Tokio as a benchmark peer. Measures nothing itself: reads row names
//! from stdin, runs one round of each, and prints one JSON line per round.
//! Parsing, the row's own set-up and printing are all outside the timed part.

mod host;
mod row;
mod rows;
mod work;

use row::{Failure, Outcome, Params};
use std::io::{self, BufRead, Write};
use std::panic;

fn main() {
    // An error here is a closed pipe: nobody is left to report it to.
    let _ = serve(io::stdin().lock(), io::stdout().lock());
}

fn serve(mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    say(&mut output, &greeting())?;
    let mut bytes = Vec::new();
    while input.read_until(b'\n', &mut bytes)? > 0 {
        let line = String::from_utf8_lossy(&bytes).into_owned();
        bytes.clear();
        let mut words = line.split_whitespace();
        match words.next() {
            None => continue,
            Some("quit") => break,
            Some(name) => say(&mut output, &answer(name, words))?,
        }
    }
    Ok(())
}

fn say(output: &mut impl Write, line: &str) -> io::Result<()> {
    writeln!(output, "{line}")?;
    output.flush()
}

fn greeting() -> String {
    let (tokio, rustc) = (quote(env!("BENCH_TOKIO")), quote(env!("BENCH_RUSTC")));
    format!("{{\"ready\":true,\"tokio\":{tokio},\"rustc\":{rustc}}}")
}

fn answer<'a>(name: &str, words: impl Iterator<Item = &'a str>) -> String {
    let row = quote(name);
    match round(name, words) {
        Ok(outcome) => format!("{{\"row\":{row},{}}}", fields(&outcome)),
        Err(error) => format!("{{\"row\":{row},\"error\":{}}}", quote(&error.to_string())),
    }
}

fn round<'a>(name: &str, words: impl Iterator<Item = &'a str>) -> Result<Outcome, Failure> {
    let row = rows::find(name).ok_or("unknown row")?;
    let params = Params::parse(row.params, words)?;
    let outcome = panic::catch_unwind(|| (row.run)(&params)).unwrap_or_else(panicked)?;
    if outcome.ops == 0 {
        return Err("no operations".into());
    }
    Ok(outcome)
}

fn panicked(payload: Box<dyn std::any::Any + Send>) -> Result<Outcome, Failure> {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    Err(format!("panic: {}", text.unwrap_or("no message")).into())
}

fn fields(outcome: &Outcome) -> String {
    let ns = outcome.elapsed.as_nanos() as f64 / outcome.ops as f64;
    let mut text = format!("\"nsPerOp\":{ns:.3},\"ops\":{}", outcome.ops);
    for (name, value) in &outcome.extra {
        text += &format!(",{}:{value}", quote(name));
    }
    text
}

/// A JSON string literal.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if (c as u32) < 0x20 => out += &format!("\\u{:04x}", c as u32),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
