//! The `concord` binary.

use std::process::ExitCode;

/// A flow's records are made by one thread and dropped from the ring by another, in which glibc's allocator makes
/// threads wait for each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    concord_server::cli::main()
}
