//! Reads files in parallel.

use std::{
    io,
    sync::mpsc::{self, Receiver},
    thread,
};

use super::judge::{Judge, Part};
use crate::files::File;

/// Calls `each` with the parts of all files in order. Two files are read at a time.
pub(super) fn each_part(
    files: &[File],
    judge: &Judge<'_>,
    mut each: impl FnMut(usize, Part) -> io::Result<()>,
) -> io::Result<()> {
    /// The maximum number of parts, or of files, that are sent at once.
    const PARTS: usize = 256;
    const FILES: usize = 16;
    struct Batch {
        parts: Vec<(usize, Part)>,
        /// Whether all files of a batch are done.
        is_last: bool,
    }

    let threads = thread::available_parallelism().map_or(1, usize::from).min(2);
    if files.len() < 2 || threads < 2 {
        let mut outcome = Ok(());
        for (index, file) in files.iter().enumerate() {
            judge.file(index, file, &mut |part| {
                if outcome.is_ok() {
                    outcome = each(index, part);
                }
            });
        }
        return outcome;
    }
    // The threads take turns with batches of a few files, and send their results in order; the channels
    // are short, so that no thread is far ahead.
    let turn = (files.len() / (4 * threads)).clamp(1, FILES);
    thread::scope(|scope| {
        let receivers: Vec<Receiver<Batch>> = (0..threads)
            .map(|first| {
                let (sender, receiver) = mpsc::sync_channel(4);
                scope.spawn(move || {
                    let turns = files.chunks(turn).enumerate().skip(first).step_by(threads);
                    for (number, files) in turns {
                        let mut parts = Vec::new();
                        for (index, file) in files.iter().enumerate() {
                            let index = number * turn + index;
                            let mut is_wanted = true;
                            judge.file(index, file, &mut |part| {
                                parts.push((index, part));
                                if parts.len() >= PARTS {
                                    let parts = std::mem::take(&mut parts);
                                    let batch = Batch { parts, is_last: false };
                                    is_wanted = is_wanted && sender.send(batch).is_ok();
                                }
                            });
                            if !is_wanted {
                                return;
                            }
                        }
                        if sender.send(Batch { parts, is_last: true }).is_err() {
                            return;
                        }
                    }
                });
                receiver
            })
            .collect();
        for number in 0..files.len().div_ceil(turn) {
            let Some(receiver) = receivers.get(number % threads) else { continue };
            while let Ok(Batch { parts, is_last }) = receiver.recv() {
                for (index, part) in parts {
                    each(index, part)?;
                }
                if is_last {
                    break;
                }
            }
        }
        Ok(())
    })
}
