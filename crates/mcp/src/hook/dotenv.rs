//! Secrets in the `.env` files of the project that an agent works in.

use std::fs;
use std::path::Path;

use super::regular;
use super::workplace;

/// No file is read further than this, in bytes.
const LARGEST: u64 = 64 * 1024;
/// So many files are read, and so many entries of a folder looked at; a project has a few.
const MOST_FILES: usize = 32;
const MOST_ENTRIES: usize = 4_096;

/// The names and values in `.env` and `.env.*` from the folder up to git's top level; without one, in the folder alone.
/// What cannot be read is passed over.
pub(super) fn variables(folder: &Path) -> Vec<(String, String)> {
    let top = workplace::top(folder).unwrap_or(folder);
    let folders = folder
        .ancestors()
        .take_while(|above| above.starts_with(top));
    let entries = folders.filter_map(|folder| fs::read_dir(folder).ok());
    let entries = entries
        .flat_map(|entries| entries.take(MOST_ENTRIES))
        .flatten();
    let named = entries.filter(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name == ".env" || name.starts_with(".env.")
    });
    let files = named.take(MOST_FILES);
    let texts = files.filter_map(|entry| regular::beginning(&entry.path(), LARGEST));
    texts
        .flat_map(|text| pairs(&String::from_utf8_lossy(&text)))
        .collect()
}

/// Line by line and as it is written: what a program makes of `$` and `\` in it is not what stands in the file.
fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |line: &str| {
        let line = line.trim().trim_start_matches('\u{feff}');
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=')?;
        (!line.starts_with('#')).then(|| (name.trim().to_owned(), plain(value.trim()).to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

/// A value without its quotes, or without the comment behind it.
fn plain(value: &str) -> &str {
    for quote in ['"', '\'', '`'] {
        if let Some(rest) = value.strip_prefix(quote) {
            return rest.split(quote).next().unwrap_or(rest);
        }
    }
    value.split(" #").next().unwrap_or(value).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_as_they_are_written() {
        let text = "\u{feff}A=1\n# B=2\nexport C = \"x y\" # said\nD='it$D'\nE=plain # said\nF=a#b\nnonsense\nG=\n";
        let expected = [
            ("A", "1"),
            ("C", "x y"),
            ("D", "it$D"),
            ("E", "plain"),
            ("F", "a#b"),
            ("G", ""),
        ];
        let read = pairs(text);
        let read: Vec<(&str, &str)> = read.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn security_files_up_to_the_top_are_read_and_nothing_else_is_waited_for_or_followed() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().join("shop");
        let deep = top.join("src/api");
        fs::create_dir_all(&deep).unwrap();
        fs::create_dir(top.join(".git")).unwrap();
        let write = |path: &Path, name: &str| fs::write(path, format!("{name}=1\n")).unwrap();
        write(&folder.path().join(".env"), "OUTSIDE");
        write(&top.join(".env"), "TOP");
        write(&top.join("src/.env.local"), "BETWEEN");
        write(&deep.join(".env.test"), "HERE");
        write(&deep.join(".environment"), "OTHER");
        fs::create_dir(deep.join(".env.d")).unwrap();
        std::os::unix::fs::symlink(folder.path().join(".env"), deep.join(".env.link")).unwrap();
        let pipe = deep.join(".env.pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
        let names = |folder: &Path| {
            let found = variables(folder).into_iter();
            let mut names: Vec<String> = found.map(|(name, _)| name).collect();
            names.sort();
            names
        };
        assert_eq!(names(&deep), ["BETWEEN", "HERE", "TOP"]);
        assert_eq!(names(&folder.path().join("none")), [""; 0]);
        assert_eq!(names(folder.path()), ["OUTSIDE"]);
    }
}
