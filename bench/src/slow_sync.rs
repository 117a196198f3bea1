//! A disk that takes longer to sync: a library that is put before libc and waits after each sync, for the program and
//! the baseline alike.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::Result;
use anyhow::ensure;

/// How much longer each sync takes.
pub(crate) const DELAY: Duration = Duration::from_millis(2);

/// Compiles the library into `folder`.
pub(crate) fn library(folder: &Path) -> Result<PathBuf> {
    let source = folder.join("slow_sync.c");
    fs::write(&source, SOURCE)?;
    let library = folder.join("slow_sync.so");
    let mut compile = Command::new("cc");
    compile
        .args(["-shared", "-fPIC", "-O2", "-o"])
        .arg(&library)
        .arg(format!("-DDELAY_NS={}", DELAY.as_nanos()))
        .arg(&source)
        .arg("-ldl");
    let status = compile
        .status()
        .context("run `cc`, which the measurement of a slow disk needs: install a C compiler")?;
    ensure!(status.success(), "cc: {status}");
    Ok(library)
}

/// Is the library in the process?
pub(crate) fn is_in(process: u32, library: &Path) -> Result<bool> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps"))?;
    Ok(maps.contains(&library.display().to_string()))
}

const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <time.h>

static int slowly(const char *name, int fd)
{
    int (*sync)(int) = (int (*)(int)) dlsym(RTLD_NEXT, name);
    int result = sync(fd);
    int reason = errno;
    struct timespec rest = {0, DELAY_NS};
    while (nanosleep(&rest, &rest) != 0)
        ;
    errno = reason;
    return result;
}

int fsync(int fd) { return slowly("fsync", fd); }
int fdatasync(int fd) { return slowly("fdatasync", fd); }
"#;
