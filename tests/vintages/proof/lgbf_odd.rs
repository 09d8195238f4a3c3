//! Odd.
