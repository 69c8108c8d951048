//! How far one value of msgpack reaches. Whoever sends buffers puts their numbers behind a payload's bytes, and whoever
//! shows these without a reader has to know where they end.

/// The bytes of the first value; `None`: they do not begin with one. Linear in them, whatever they claim to be.
pub(super) fn of_value(bytes: &[u8]) -> Option<usize> {
    let number = |at: usize, width: usize| {
        let digits = bytes.get(at..at.checked_add(width)?)?;
        Some(digits.iter().fold(0_usize, |sum, digit| sum << 8 | usize::from(*digit)))
    };
    let (mut at, mut left) = (0_usize, 1_usize);
    while left > 0 {
        left -= 1;
        let head = *bytes.get(at)?;
        at += 1;
        // A width of a length, and what follows beside it; or a number of values within.
        let (width, more) = match head {
            0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => continue,
            0x80..=0x8f => {
                left = left.checked_add(2 * usize::from(head & 0xf))?;
                continue;
            }
            0x90..=0x9f => {
                left = left.checked_add(usize::from(head & 0xf))?;
                continue;
            }
            0xdc..=0xdf => {
                let width = if head & 1 == 0 { 2 } else { 4 };
                let each = if head < 0xde { 1 } else { 2 };
                left = left.checked_add(number(at, width)?.checked_mul(each)?)?;
                at += width;
                continue;
            }
            0xa0..=0xbf => (0, usize::from(head & 0x1f)),
            0xc4 | 0xd9 => (1, 0),
            0xc5 | 0xda => (2, 0),
            0xc6 | 0xdb => (4, 0),
            0xc7 => (1, 1),
            0xc8 => (2, 1),
            0xc9 => (4, 1),
            0xcc | 0xd0 => (0, 1),
            0xcd | 0xd1 => (0, 2),
            0xca | 0xce | 0xd2 => (0, 4),
            0xcb | 0xcf | 0xd3 => (0, 8),
            0xd4..=0xd8 => (0, 1 + (1 << (head - 0xd4))),
            0xc1 => return None,
        };
        let length = if width == 0 { 0 } else { number(at, width)? };
        at = at.checked_add(width)?.checked_add(length)?.checked_add(more)?;
        if at > bytes.len() {
            return None;
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::of_value;
    use serde_json::Value;
    use std::{fs, path::Path};

    fn unhex(text: &str) -> Vec<u8> {
        let digits = text.as_bytes().as_chunks::<2>().0;
        digits.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    #[test]
    fn g131_every_vector_of_the_codec_ends_where_it_ends() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/codec/vectors.json");
        let vectors: Value = serde_json::from_str(&fs::read_to_string(file).expect("a readable file")).expect("JSON");
        let lists = ["values", "loose"].map(|list| vectors[list].as_array().expect("a list"));
        let texts: Vec<&str> = lists.into_iter().flatten().filter_map(|one| one["hex"].as_str()).collect();
        assert!(texts.len() > 40, "the vectors were not found");
        for bytes in texts.into_iter().map(unhex) {
            assert_eq!(of_value(&bytes), Some(bytes.len()), "{bytes:x?}");
            assert_eq!(of_value(&[&bytes[..], &[0xc1; 20]].concat()), Some(bytes.len()), "{bytes:x?}");
            assert_eq!(of_value(&bytes[..bytes.len() - 1]), None, "{bytes:x?}");
        }
    }

    #[test]
    fn g133_lengths_that_are_not_there_are_no_values() {
        for bytes in
            [&[0xdd, 0xff, 0xff, 0xff, 0xff][..], &[0xdf, 0xff, 0xff, 0xff, 0xff, 0], &[0xc6, 0xff, 0xff, 0xff]]
        {
            assert_eq!(of_value(bytes), None);
        }
        assert_eq!(of_value(&[0xd8; 18]), Some(18), "a type and sixteen bytes");
        assert_eq!(of_value(&[]), None);
    }
}
