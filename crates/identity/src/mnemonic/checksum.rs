//! The checksum of a list of words: CRC-32 over their keys (spec 01 §6.1).

use super::language::Key;

/// CRC-32/ISO-HDLC, bit by bit: a table would be read at secret places.
pub(super) struct Crc32(u32);

impl Default for Crc32 {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

impl Crc32 {
    /// Takes in the UTF-8 form of a key.
    pub(super) fn update(&mut self, key: &Key) {
        let mut utf8 = [0; 4];
        for letter in key.iter().copied().filter_map(char::from_u32) {
            if letter != '\0' {
                self.update_bytes(letter.encode_utf8(&mut utf8).as_bytes());
            }
        }
    }

    fn update_bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 ^= u32::from(*byte);
            for _ in 0..8 {
                let carry = 0u32.wrapping_sub(self.0 & 1);
                self.0 = (self.0 >> 1) ^ (0xedb8_8320 & carry);
            }
        }
    }

    fn value(&self) -> u32 {
        !self.0
    }

    /// Which of `count` words is the checksum word; `None` of no words.
    pub(super) fn choose(&self, count: usize) -> Option<usize> {
        usize::try_from(self.value()).ok()?.checked_rem(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_value() {
        let mut crc = Crc32::default();
        crc.update_bytes(b"123456789");
        assert_eq!(crc.value(), 0xcbf4_3926);
    }

    #[test]
    fn keys_are_read_as_utf8_without_fill() {
        let (mut by_keys, mut by_bytes) = (Crc32::default(), Crc32::default());
        by_keys.update(&['t', 'Ж', '\0', '\0'].map(u32::from));
        by_bytes.update_bytes("tЖ".as_bytes());
        assert_eq!(by_keys.value(), by_bytes.value());
    }
}
