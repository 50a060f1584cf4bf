//! What the command line reads: files, and standard input for `-`.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use anyhow::Context;

/// The largest file that is read: far more than any server takes, far less than memory.
const INPUT_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// Reads a text file; `-` is standard input.
pub(crate) fn read(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        return limited(io::stdin().lock()).context("standard input");
    }
    let about = || format!("the file {}", file.display());
    limited(File::open(file).with_context(about)?).with_context(about)
}

/// A text that was cut off might still be understood, as something else.
fn limited(from: impl Read) -> anyhow::Result<String> {
    let mut text = String::new();
    from.take(INPUT_BYTES_MAX + 1).read_to_string(&mut text)?;
    anyhow::ensure!(text.len() as u64 <= INPUT_BYTES_MAX, "it is larger than {INPUT_BYTES_MAX} bytes");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("input");
        let fits = "x".repeat(usize::try_from(INPUT_BYTES_MAX).unwrap());
        std::fs::write(&file, &fits).unwrap();
        assert_eq!(read(&file).unwrap(), fits);
        std::fs::write(&file, format!("{fits}x")).unwrap();
        assert!(format!("{:#}", read(&file).unwrap_err()).contains("larger"));
        std::fs::write(&file, [0xff]).unwrap();
        assert!(read(&file).is_err());
        assert!(read(&folder.path().join("nothing")).is_err());
    }
}
