//! Lotse.
fn main() {}
