//! Hands the two version strings of the greeting to the program: Tokio's from
//! Cargo.lock, the compiler's from the compiler that builds it.

use std::{env, fs, process::Command};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=Cargo.lock");
    println!(
        "cargo:rustc-env=BENCH_TOKIO={}",
        tokio_version().unwrap_or_else(unknown)
    );
    println!(
        "cargo:rustc-env=BENCH_RUSTC={}",
        rustc_version().unwrap_or_else(unknown)
    );
}

fn unknown() -> String {
    "unknown".to_string()
}

/// The `version` line that follows `name = "tokio"` in the lock file.
fn tokio_version() -> Option<String> {
    let lock = fs::read_to_string("Cargo.lock").ok()?;
    let mut lines = lock.lines().skip_while(|line| *line != "name = \"tokio\"");
    lines.next()?;
    let version = lines.next()?.strip_prefix("version = ")?;
    Some(version.trim_matches('"').to_string())
}

fn rustc_version() -> Option<String> {
    let output = Command::new(env::var_os("RUSTC")?)
        .arg("--version")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_string())
}
