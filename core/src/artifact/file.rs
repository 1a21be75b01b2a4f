//! Files on disk: they appear whole or not at all, and are read in place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::{Mmap, MmapOptions};

use crate::error::{Error, Result};

/// Largest file that is read, in bytes.
const MAX_BYTES: u64 = 8 << 30;

/// Writes a temporary file beside `path`, and renames it. A link stays: the file that it leads to is replaced.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let unwritable = |why: &str| Error::Artifact(format!("{} cannot be written: {why}", path.display()));
    let target = replaceable(path).map_err(unwritable)?;
    let temporary = temporary_name(&target);
    let written = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, &target));
    written.map_err(|error| {
        // what is left of a failed attempt; it may not even have begun
        let _ = fs::remove_file(&temporary);
        unwritable(&reason(&error))
    })
}

/// The file that takes the name, or has it: a rename would put one in the place of a device or a pipe, too.
fn replaceable(path: &Path) -> std::result::Result<PathBuf, &'static str> {
    let target = match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => fs::canonicalize(path).map_err(|_| "it is a link that leads nowhere")?,
        _ => path.to_owned(),
    };
    match fs::metadata(&target) {
        Ok(found) if !found.is_file() => Err("it is there, and no regular file"),
        _ => Ok(target),
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A name that no other process or thread uses.
fn temporary_name(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    path.with_file_name(name)
}

/// The content of a file, without copying it.
pub fn map(path: &Path) -> Result<Mmap> {
    let unreadable = |why: &str| Error::Artifact(format!("{} cannot be read: {why}", path.display()));
    // asked before it is opened: opening a pipe waits for its other end
    let metadata = fs::metadata(path).map_err(|error| unreadable(&reason(&error)))?;
    if !metadata.is_file() {
        return Err(unreadable("not a regular file"));
    }
    if metadata.len() > MAX_BYTES {
        return Err(unreadable(&format!("it has more than {MAX_BYTES} bytes")));
    }
    File::open(path)
        .and_then(|file| map_file(&file))
        .map_err(|error| unreadable(&reason(&error)))
}

#[allow(unsafe_code)]
fn map_file(file: &File) -> io::Result<Mmap> {
    // all of it is read at once, for the checksum
    // SAFETY: the bytes must not change while they are mapped. `write` never changes a file that has its name; it puts
    // another in its place. Whoever edits such a file in place while a process uses it breaks that process.
    unsafe { MmapOptions::new().populate().map(file) }
}

/// The error with the file's name before it.
pub fn named(path: &Path, error: Error) -> Error {
    match error {
        Error::Artifact(text) => Error::Artifact(format!("{}: {text}", path.display())),
        other => other,
    }
}

/// The system's words, without its error number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}
