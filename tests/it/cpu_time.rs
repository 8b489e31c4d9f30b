//! Processor time, on which other work of the machine has no influence.

use std::time::Duration;

/// The processor time that this thread has used so far.
#[cfg(unix)]
fn used() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

/// The time of day, where the other one is unknown.
#[cfg(not(unix))]
fn used() -> Duration {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap()
}

/// The result, and the processor time that it took on this thread.
pub(crate) fn cpu_time<R>(f: impl FnOnce() -> R) -> (R, Duration) {
    let begun = used();
    let result = f();
    (result, used() - begun)
}

/// The result, which takes at most so many seconds of processor time.
#[track_caller]
pub(crate) fn within_cpu_seconds<R>(seconds: u64, what: &str, f: impl FnOnce() -> R) -> R {
    let (result, took) = cpu_time(f);
    println!("{:>9.1} ms  {what}", took.as_secs_f64() * 1e3);
    assert!(took.as_secs() < seconds, "{what} took {took:?} of processor time");
    result
}
