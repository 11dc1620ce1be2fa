//! Lists the files of the console, which `npm run build` leaves in `console/dist`, for `src/console.rs` to take them in. Without
//! them the program is built all the same, and says what is missing; `USERTRAIL_CONSOLE=required` refuses that, for releases.

#![allow(clippy::print_stdout, reason = "that is how a build script speaks to cargo")]

use std::fmt::Write as _;
use std::io;
use std::path::Path;

const DIST: &str = "console/dist";

fn main() -> io::Result<()> {
    // A folder that is missing is looked for at each build: it may have come.
    println!("cargo::rerun-if-changed={DIST}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=USERTRAIL_CONSOLE");
    let mut files = Vec::new();
    if Path::new(DIST).is_dir() {
        list(Path::new(DIST), "", &mut files)?;
    }
    files.sort();
    let is_required = std::env::var("USERTRAIL_CONSOLE").is_ok_and(|said| said == "required");
    if is_required && !files.iter().any(|file| file == "index.html") {
        return Err(io::Error::other(format!("{DIST} is missing: run `npm ci && npm run build` in console")));
    }
    let mut code = "&[\n".to_owned();
    for file in &files {
        let from = format!("concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{DIST}/\", {file:?})");
        writeln!(code, "    ({file:?}, include_bytes!({from}) as &[u8]),").map_err(io::Error::other)?;
    }
    code += "]\n";
    let out = std::env::var("OUT_DIR").map_err(io::Error::other)?;
    std::fs::write(Path::new(&out).join("console.rs"), code)
}

fn list(folder: &Path, before: &str, files: &mut Vec<String>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // What the build keeps for its own tests.
        if name.starts_with('.') {
            continue;
        }
        let name = format!("{before}{name}");
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.push(name);
        }
    }
    Ok(())
}
