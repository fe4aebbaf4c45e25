//! The `concord` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    concord_server::cli::main()
}
