//! The progress of a long check.

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

/// The progress on a terminal, if the check takes long.
pub(super) struct Progress {
    pub(super) begun: Instant,
    is_terminal: bool,
    files: usize,
    done: usize,
    gateways: usize,
    shown: Option<Instant>,
}

impl Progress {
    pub(super) fn new(files: usize) -> Self {
        let is_terminal = io::stderr().is_terminal();
        Self { begun: Instant::now(), is_terminal, files, done: 0, gateways: 0, shown: None }
    }

    pub(super) fn file(&mut self, done: usize) {
        self.done = done;
        if done.is_multiple_of(16) {
            self.show();
        }
    }

    pub(super) fn gateway(&mut self) {
        self.gateways += 1;
        if self.gateways.is_multiple_of(256) {
            self.show();
        }
    }

    fn show(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(1);
        const PACE: Duration = Duration::from_millis(100);
        if self.is_terminal
            && self.begun.elapsed() > PATIENCE
            && self.shown.is_none_or(|shown| shown.elapsed() > PACE)
        {
            let Self { done, files, gateways, .. } = self;
            let _ = write!(io::stderr(), "\r{done} of {files} files, {gateways} Gateways");
            self.shown = Some(Instant::now());
        }
    }

    pub(super) fn clear(&mut self) {
        if self.shown.take().is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
