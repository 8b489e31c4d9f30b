//! An explanation as a page of its own.

use super::{Report, diff::Diff};

pub(super) fn report(_report: &Report) -> String {
    String::new()
}

pub(super) fn diff(_diff: &Diff) -> String {
    String::new()
}
