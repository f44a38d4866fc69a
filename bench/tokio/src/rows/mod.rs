//! The table of rows. Measures nothing by itself; each group's file says what
//! it measures and what it leaves outside the timed part.

mod blocking;
mod channels;
mod cpu;
mod echo;
mod locks;
mod million;
mod multi;
mod remote;
mod start;
mod sync;
mod tasks;
mod timers;

use crate::row::Row;

const GROUPS: [&[Row]; 12] = [
    tasks::ROWS,
    sync::ROWS,
    locks::ROWS,
    channels::ROWS,
    timers::ROWS,
    million::ROWS,
    echo::ROWS,
    start::ROWS,
    multi::ROWS,
    remote::ROWS,
    cpu::ROWS,
    blocking::ROWS,
];

pub fn find(name: &str) -> Option<&'static Row> {
    GROUPS.into_iter().flatten().find(|row| row.name == name)
}
