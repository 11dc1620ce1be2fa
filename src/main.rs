//! `usertrail`: activity log, sign-in monitor and usage statistics for the tenants of a SaaS product.

use std::process::ExitCode;

use clap::Parser as _;
use usertrail::cli::Cli;

fn main() -> ExitCode {
    usertrail::cli::run(Cli::parse())
}
