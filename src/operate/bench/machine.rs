//! What the machine itself can do, and how much memory this process took.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use super::table::{Figure, Spread, count};

/// How many small writes a second reach the disk, one after another.
///
/// # Errors
/// The folder can't be written.
pub(super) fn fsyncs(folder: &Path, runs: usize) -> std::io::Result<Figure> {
    let path = folder.join(".bench-fsync");
    let mut rates = Vec::new();
    for _ in 0..runs {
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        let (began, mut written) = (Instant::now(), 0_u64);
        while began.elapsed() < Duration::from_secs(1) {
            file.write_all(&[0; 512])?;
            file.sync_data()?;
            written = written.saturating_add(1);
        }
        rates.push(count(written) / began.elapsed().as_secs_f64());
    }
    std::fs::remove_file(&path)?;
    let of = "ceiling: fsyncs of the disk".to_owned();
    Ok(Figure { of, unit: "a second", spread: Spread::of(rates), goal: None })
}

/// Begins the account of memory anew; where Linux says no, the peak is that since the start.
pub(super) fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").ok();
}

/// The most memory this process has held, in megabytes; from Linux's own account.
#[must_use]
pub(super) fn most_memory_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.map_or(f64::NAN, |kib| count(kib) * 1024.0 / 1_000_000.0)
}
