//! Times in few characters: `t` of a poll's query, and the offsets of connection state recovery.

/// Digits of base 64, in the order of their worth.
const ALPHABET: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

/// Milliseconds since 1970 as yeast writes them.
#[must_use]
pub fn encode(mut millis: u64) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from(ALPHABET[(millis % 64) as usize]));
        millis /= 64;
        if millis == 0 {
            break digits.into_iter().rev().collect();
        }
    }
}

/// Milliseconds since 1970, and which of that millisecond it is (`Q83FEv1.2`); `None` if it is no such time.
#[must_use]
pub fn decode(text: &str) -> Option<(u64, u64)> {
    let (time, seed) = text.split_once('.').map_or((text, None), |(time, seed)| (time, Some(seed)));
    let value = |text: &str| {
        (!text.is_empty()).then_some(())?;
        text.bytes().try_fold(0u64, |sum, byte| {
            let digit = ALPHABET.iter().position(|digit| *digit == byte)?;
            sum.checked_mul(64)?.checked_add(digit as u64)
        })
    };
    Some((value(time)?, seed.map_or(Some(0), value)?))
}

/// What today's clients put into `t` so that no cache answers: the last five base-36 digits of the time, and three of
/// `luck`.
#[must_use]
pub fn cache_buster(millis: u64, luck: u64) -> String {
    let digits = |mut number: u64, count: u32| -> String {
        let mut digits = Vec::new();
        for _ in 0..count {
            digits.push(char::from_digit((number % 36) as u32, 36).unwrap_or('0'));
            number /= 36;
        }
        digits.into_iter().rev().collect()
    };
    digits(millis, 5) + &digits(luck, 3)
}
