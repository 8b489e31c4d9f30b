//! The progress of a check.

use crate::progress;

/// The files and Gateways so far.
pub(super) struct Progress {
    pub(super) shown: progress::Progress,
    files: usize,
    done: usize,
    gateways: usize,
}

impl Progress {
    pub(super) fn new(files: usize) -> Self {
        Self { shown: progress::Progress::new(), files, done: 0, gateways: 0 }
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
        let Self { done, files, gateways, .. } = self;
        self.shown.show(|| format!("{done} of {files} files, {gateways} Gateways"));
    }
}
