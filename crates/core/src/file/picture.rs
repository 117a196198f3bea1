//! Pictures as their first bytes describe them: format, width and height.

/// A picture's format and measures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Picture {
    format: Format,
    width: u32,
    height: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Format {
    Png,
    Jpeg,
    WebP,
}

impl Picture {
    /// Reads the beginning of a file; nothing for what is no picture that Telegram shows as a photo.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let found = |format, (width, height)| Self {
            format,
            width,
            height,
        };
        if head.starts_with(PNG) {
            png(head).map(|size| found(Format::Png, size))
        } else if head.starts_with(b"\xff\xd8\xff") {
            jpeg(head).map(|size| found(Format::Jpeg, size))
        } else if is_webp(head) {
            webp(head).map(|size| found(Format::WebP, size))
        } else {
            None
        }
    }

    /// Does Telegram take it as a photo (Bot API, `sendPhoto`)?
    pub(super) fn is_photo(&self, bytes: u64, tail: &[u8]) -> bool {
        let (long, short) = (self.width.max(self.height), self.width.min(self.height));
        let whole = match self.format {
            Format::Png => tail.ends_with(b"IEND\xaeB`\x82"),
            Format::Jpeg => tail.ends_with(b"\xff\xd9"),
            Format::WebP => true,
        };
        whole
            && bytes <= LARGEST_PHOTO
            && short > 0
            && long.saturating_add(short) <= LONGEST_SIDES
            && long <= short.saturating_mul(STEEPEST)
    }
}

pub(super) fn is_webp(head: &[u8]) -> bool {
    head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP".as_slice())
}

fn png(head: &[u8]) -> Option<(u32, u32)> {
    (head.get(12..16)? == b"IHDR").then_some(())?;
    Some((big(head, 16)?, big(head, 20)?))
}

/// Goes from segment to segment until the one that starts a frame.
fn jpeg(head: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2_usize;
    loop {
        let [0xff, marker] = *head.get(at..at.checked_add(2)?)? else {
            return None;
        };
        match marker {
            // Fill bytes.
            0xff => at = at.checked_add(1)?,
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let height = short(head, at.checked_add(5)?)?;
                let width = short(head, at.checked_add(7)?)?;
                return Some((width, height));
            }
            0x01 | 0xd0..=0xd8 => at = at.checked_add(2)?,
            0xd9 | 0xda => return None,
            _ => {
                let length = usize::try_from(short(head, at.checked_add(2)?)?).ok()?;
                at = at.checked_add(2)?.checked_add(length.max(2))?;
            }
        }
    }
}

fn webp(head: &[u8]) -> Option<(u32, u32)> {
    match head.get(12..16)? {
        b"VP8X" => Some((
            little24(head, 24)?.checked_add(1)?,
            little24(head, 27)?.checked_add(1)?,
        )),
        b"VP8L" => {
            let bits = u32::from_le_bytes(head.get(21..25)?.try_into().ok()?);
            Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
        }
        b"VP8 " => {
            (head.get(23..26)? == b"\x9d\x01\x2a").then_some(())?;
            let side = |at: usize| {
                let bytes: [u8; 2] = head.get(at..at.saturating_add(2))?.try_into().ok()?;
                Some(u32::from(u16::from_le_bytes(bytes) & 0x3fff))
            };
            Some((side(26)?, side(28)?))
        }
        _ => None,
    }
}

fn big(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(u32::from_be_bytes(four))
}

fn short(bytes: &[u8], at: usize) -> Option<u32> {
    let two = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(u32::from(u16::from_be_bytes(two)))
}

fn little24(bytes: &[u8], at: usize) -> Option<u32> {
    let [a, b, c] = *bytes.get(at..at.checked_add(3)?)? else {
        return None;
    };
    Some(u32::from_le_bytes([a, b, c, 0]))
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Bot API, `sendPhoto`: 10 MB, width and height together 10000, and a ratio of 20.
const LARGEST_PHOTO: u64 = 10 * 1024 * 1024;
const LONGEST_SIDES: u32 = 10_000;
const STEEPEST: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn png_of(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = [PNG, b"\0\0\0\rIHDR"].concat();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend(b"\x08\x02\0\0\0....\0\0\0\0IEND\xaeB`\x82");
        bytes
    }

    fn measures(head: &[u8]) -> Option<(u32, u32)> {
        Picture::of(head).map(|picture| (picture.width, picture.height))
    }

    #[test]
    fn measures_are_read_from_each_format() {
        assert_eq!(measures(&png_of(640, 480)), Some((640, 480)));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x11\x08\x01\xe0\x02\x80\x03rest";
        assert_eq!(measures(jpeg), Some((640, 480)));
        let extended = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0";
        assert_eq!(measures(extended), Some((640, 480)));
        let lossy = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0...\x9d\x01\x2a\x80\x02\xe0\x01";
        assert_eq!(measures(lossy), Some((640, 480)));
        let lossless = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x7f\xc2\x77\x00";
        assert_eq!(measures(lossless), Some((640, 480)));
    }

    #[test]
    fn what_breaks_off_has_no_measures() {
        for broken in [
            &b"\xff\xd8\xff"[..],
            b"\xff\xd8\xff\xe0\xff\xff",
            b"\xff\xd8\xff\xe0\0\0\0\0",
            b"\xff\xd8\xff\xda\0\x04",
            PNG,
            b"GIF89a",
            b"RIFF\0\0\0\0WEBPVP8X",
            b"RIFF\0\0\0\0WAVE",
            b"",
        ] {
            assert_eq!(measures(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn telegrams_rules_decide_what_is_a_photo() {
        for (width, height, bytes, photo) in [
            (640, 480, 1_000, true),
            (5_000, 5_000, LARGEST_PHOTO, true),
            (5_000, 5_000, LARGEST_PHOTO + 1, false),
            (5_001, 5_000, 1_000, false),
            (2_000, 100, 1_000, true),
            (2_001, 100, 1_000, false),
            (100, 2_001, 1_000, false),
            (0, 0, 1_000, false),
        ] {
            let file = png_of(width, height);
            let picture = Picture::of(&file).unwrap();
            assert_eq!(
                picture.is_photo(bytes, &file),
                photo,
                "{width}x{height}, {bytes} bytes"
            );
        }
        let file = png_of(640, 480);
        let cut = file.strip_suffix(b"\x82").unwrap();
        assert!(
            !Picture::of(cut).unwrap().is_photo(1_000, cut),
            "it breaks off"
        );
    }
}
