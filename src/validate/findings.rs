//! What was found, and where.
