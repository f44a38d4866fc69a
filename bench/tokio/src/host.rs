//! What the rows need from the operating system: resident memory and the open
//! file limit. Measures nothing by itself; always called outside a timed part.

use crate::row::Failure;
use std::{fs, io};

/// Resident bytes of this process (second field of /proc/self/statm, in pages).
pub fn resident_bytes() -> Result<u64, Failure> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm
        .split_whitespace()
        .nth(1)
        .ok_or("statm: no second field")?
        .parse()?;
    // SAFETY: sysconf only reads its argument.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    Ok(pages * u64::try_from(page)?)
}

/// Gives memory that earlier rounds freed back to the system, as far as the
/// allocator can: growth into pages it had kept would not show. A safeguard; on
/// glibc two rounds in a row read the same without it.
pub fn release_freed_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: malloc_trim may be called at any time and touches only free memory.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Raises the soft open file limit to the hard one if fewer than `needed` are
/// allowed; fails when that is still not enough.
pub fn allow_open_files(needed: u64) -> Result<(), Failure> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is a valid rlimit for the call to fill in.
    os(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) })?;
    if limit.rlim_cur >= needed {
        return Ok(());
    }
    if limit.rlim_max < needed {
        return Err(format!("open files: {needed} needed, {} allowed", limit.rlim_max).into());
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: `limit` is a valid rlimit for the call to read.
    Ok(os(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) })?)
}

fn os(result: libc::c_int) -> io::Result<()> {
    if result == 0 {
        return Ok(());
    }
    Err(io::Error::last_os_error())
}
