//! Inputs for the bodies without a fuzzer: a corpus, changed at random from a seed, for a bounded time. It finds less
//! than libFuzzer does, but runs wherever the tests do, and a failure repeats.
//!
//! `USERTRAIL_FUZZ_SECONDS` makes it longer, `USERTRAIL_FUZZ_SEED` makes it another run.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

const MOST_INPUTS: u64 = 200_000;
const MOST_BYTES: usize = 80 * 1024;

/// SplitMix64: the same everywhere, and good enough here.
pub(crate) struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `bound`; 0 where there is nothing less.
    fn below(&mut self, bound: usize) -> usize {
        (self.roll() % bound.max(1) as u64) as usize
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Runs the body on every entry of the corpus as it is, then on changed ones until the time or the number is up.
pub(crate) fn run(corpus: &[Vec<u8>], tokens: &[&str], body: impl Fn(&[u8])) {
    let seconds = number("USERTRAIL_FUZZ_SECONDS", 5);
    let most = if seconds > 5 { u64::MAX } else { MOST_INPUTS };
    let mut dice = Dice(number("USERTRAIL_FUZZ_SEED", 1));
    let end = Instant::now() + Duration::from_secs(seconds);
    assert!(!corpus.is_empty());
    corpus.iter().for_each(|input| try_one(input, &body));
    let mut count = 0;
    while count < most && Instant::now() < end {
        let mut input = corpus[dice.below(corpus.len())].clone();
        for _ in 0..=dice.below(4) {
            change(&mut input, corpus, tokens, &mut dice);
        }
        input.truncate(MOST_BYTES);
        try_one(&input, &body);
        count += 1;
    }
    assert!(count > 100, "{count} inputs only");
}

fn try_one(input: &[u8], body: &impl Fn(&[u8])) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| body(input))) {
        eprintln!("the input was b\"{}\"", input.escape_ascii());
        resume_unwind(panic);
    }
}

fn change(input: &mut Vec<u8>, corpus: &[Vec<u8>], tokens: &[&str], dice: &mut Dice) {
    let at = dice.below(input.len() + 1);
    let end = (at + 1 + dice.below(16)).min(input.len());
    match dice.below(9) {
        // A bit.
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << dice.below(8);
            }
        }
        // A byte.
        1 => {
            if let Some(byte) = input.get_mut(at) {
                *byte = dice.roll() as u8;
            }
        }
        2 => input.truncate(at),
        3 => drop(input.drain(at..end)),
        // A part, many times: depth, length.
        4 => {
            let part = input[at..end].to_vec();
            let times = 1 << dice.below(10);
            drop(input.splice(at..at, part.repeat(times)));
        }
        // The tail of another.
        5 => {
            let other = &corpus[dice.below(corpus.len())];
            let from = dice.below(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        // A part of another.
        6 => {
            let other = &corpus[dice.below(corpus.len())];
            let from = dice.below(other.len() + 1);
            let to = (from + dice.below(64)).min(other.len());
            drop(input.splice(at..at, other[from..to].to_vec()));
        }
        7 => {
            let token = tokens[dice.below(tokens.len())].bytes().collect::<Vec<_>>();
            drop(input.splice(at..at, token));
        }
        // A token in the place of a part.
        _ => {
            let token = tokens[dice.below(tokens.len())].bytes().collect::<Vec<_>>();
            drop(input.splice(at..end.max(at), token));
        }
    }
}
