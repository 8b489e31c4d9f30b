//! Nothing here; see `tests`.
