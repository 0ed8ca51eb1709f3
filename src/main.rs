//! The program: see the library for the map of the house.

use std::process::ExitCode;

use tikv_jemallocator::Jemalloc;

/// The system's allocator keeps a heap for each thread and gives little of them back: a third of the
/// memory was holes. This one has a single heap and returns what is free after a fifth of a second
/// (`.cargo/config.toml`).
#[global_allocator]
static HEAP: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    lotse::cli::main()
}
