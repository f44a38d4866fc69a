//! What the tasks of the rows with threads do, the same as in
//! `bench/harness/work.mjs`. Measures nothing by itself.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Keeps a processor busy: a chain of shifts that no compiler makes shorter.
pub fn burn(loops: u64) -> i32 {
    let mut word = loops as i32 | 1;
    for _ in 0..loops {
        word ^= word << 13;
        word ^= ((word as u32) >> 17) as i32;
        word ^= word << 5;
    }
    black_box(word)
}

/// Does all the work on this thread, in order; how long that took, and the sum
/// of the results.
pub fn burn_all(all_loops: &[u64]) -> (Duration, i64) {
    let start = Instant::now();
    let sum = all_loops.iter().map(|&loops| i64::from(burn(loops))).sum();
    (start.elapsed(), sum)
}

/// A seeded generator of numbers from 0 up to 1 (mulberry32).
struct Random(u32);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x6d2b_79f5);
        let state = self.0;
        let mut word = (state ^ (state >> 15)).wrapping_mul(state | 1);
        word ^= word.wrapping_add((word ^ (word >> 7)).wrapping_mul(word | 61));
        f64::from(word ^ (word >> 14)) / 4_294_967_296.0
    }
}

const SHORTEST_US: f64 = 5.0;
const LONGEST_US: f64 = 500.0;

/// How long each task of `uneven_map` burns: 5 to 500 microseconds,
/// log-uniform, the same ones in every run.
pub fn uneven_loops(tasks: u64, loops_per_us: u64) -> Vec<u64> {
    let mut random = Random(1);
    (0..tasks)
        .map(|_| {
            let us = SHORTEST_US * (LONGEST_US / SHORTEST_US).powf(random.next());
            (us * loops_per_us as f64).round().max(1.0) as u64
        })
        .collect()
}

/// A small object in, a small object out.
pub struct Item {
    pub id: u64,
    pub name: String,
    pub amount: f64,
    pub each: f64,
    pub tags: Vec<String>,
}

pub struct Priced {
    pub id: u64,
    pub name: String,
    pub total: f64,
    pub tags: Vec<String>,
}

pub fn make_item(id: u64) -> Item {
    Item {
        id,
        name: "widget".to_string(),
        amount: 3.0,
        each: 12.5,
        tags: vec!["small".to_string(), "blue".to_string()],
    }
}

pub fn price(item: Item) -> Priced {
    Priced {
        id: item.id,
        name: item.name,
        total: item.amount * item.each,
        tags: item.tags,
    }
}

pub const KIB: usize = 1_024;

/// 1 KiB in, 1 KiB out.
pub fn invert(mut bytes: Vec<u8>) -> Vec<u8> {
    for byte in bytes.iter_mut().step_by(64) {
        *byte = !*byte;
    }
    bytes
}
