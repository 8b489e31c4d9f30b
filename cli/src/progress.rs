//! The progress of long work, on a terminal.

use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

/// Whether a line of progress is on the terminal.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);

/// Shows progress on standard error, if the work takes long.
pub(crate) struct Progress {
    pub(crate) begun: Instant,
    is_visible: bool,
    last: Option<Instant>,
}

impl Default for Progress {
    /// For a command that prints while it works: not if that is on a terminal, too.
    fn default() -> Self {
        Self {
            is_visible: io::stderr().is_terminal() && !io::stdout().is_terminal(),
            ..Self::new()
        }
    }
}

impl Progress {
    /// For a command that prints at the end.
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), is_visible: io::stderr().is_terminal(), last: None }
    }

    /// Replaces the line, not too often.
    pub(crate) fn show(&mut self, text: impl FnOnce() -> String) {
        const PATIENCE: Duration = Duration::from_secs(1);
        const PACE: Duration = Duration::from_millis(100);
        if self.is_visible
            && self.begun.elapsed() > PATIENCE
            && self.last.is_none_or(|last| last.elapsed() > PACE)
        {
            self.announce(text);
        }
    }

    /// Replaces the line now: something begins that may take long, and that cannot be counted.
    pub(crate) fn announce(&mut self, text: impl FnOnce() -> String) {
        if self.is_visible {
            let _ = write!(io::stderr(), "\r\x1b[K{}", text());
            IS_SHOWN.store(true, Ordering::Relaxed);
            self.last = Some(Instant::now());
        }
    }
}

/// Removes the line: something is printed.
pub(crate) fn clear() {
    if IS_SHOWN.swap(false, Ordering::Relaxed) {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
}
