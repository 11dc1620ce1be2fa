//! How wide columns are, and how text is broken into lines.

use crate::export::pdf::bidi;
use crate::export::pdf::font::Font;

/// Size of letters in tables, points.
pub(super) const SIZE: f32 = 7.0;
/// Space left and right of a cell's text, points.
pub(super) const PADDING: f32 = 2.5;
/// Most lines of a cell; more end in `…` and words that say so.
const MAX_LINES: usize = 400;
/// Widest that a column asks to be.
const MAX_WIDTH: f32 = 220.0;

/// Widths of columns, which fill `room`: as wide as their texts where that fits; where it does not, narrow columns get what
/// they ask for and the others share the rest evenly.
pub(super) fn widths(font: &mut Font, rows: &[Vec<String>], room: f32) -> Vec<f32> {
    let mut asked: Vec<f32> = Vec::new();
    for row in rows {
        asked.resize(row.len().max(asked.len()), 0.0);
        for (width, text) in asked.iter_mut().zip(row) {
            let widest = text.lines().map(|line| font.width(line, SIZE)).fold(0.0, f32::max);
            *width = width.max((widest + 2.0 * PADDING + 1.0).min(MAX_WIDTH));
        }
    }
    let sum: f32 = asked.iter().sum();
    if sum <= room {
        return asked.iter().map(|width| width * room / sum.max(1.0)).collect();
    }
    let limit = share(&asked, room);
    asked.iter().map(|width| width.min(limit)).collect()
}

/// The width that no column may exceed, so that all fit into `room`.
#[expect(clippy::cast_precision_loss, reason = "columns are few")]
fn share(asked: &[f32], room: f32) -> f32 {
    let mut sorted = asked.to_vec();
    sorted.sort_by(f32::total_cmp);
    let mut left = room;
    for (at, width) in sorted.iter().enumerate() {
        let even = left / (sorted.len() - at) as f32;
        if *width > even {
            return even;
        }
        left -= width;
    }
    room
}

/// Breaks a text into lines of `room` points, between words where that is possible. Where it is too long to be whole, `cut` says so.
pub(super) fn lines(font: &mut Font, text: &str, room: f32, cut: &str) -> Vec<String> {
    let mut lines = broken(font, text, room, cut);
    bidi::directed(text, &mut lines);
    lines
}

fn broken(font: &mut Font, text: &str, room: f32, cut: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut width) = (String::new(), 0.0);
    let unseen = |letter: char| letter.is_control() && letter != '\n' || matches!(letter, '\u{fffe}' | '\u{ffff}');
    for letter in text.trim_end().chars().map(|letter| if unseen(letter) { ' ' } else { letter }) {
        let ends = letter == '\n';
        let wide = if ends { 0.0 } else { font.letter_width(letter, SIZE) };
        if ends || width + wide > room && !line.is_empty() {
            if lines.len() + 1 == MAX_LINES {
                lines.push(clipped(font, line, room));
                lines.push(cut.to_owned());
                return lines;
            }
            let rest = match line.rfind([' ', ',', ';', '/', '-']) {
                Some(at) if letter != ' ' && !ends && at > 0 => line.split_off(at + 1),
                _ => String::new(),
            };
            lines.push(std::mem::replace(&mut line, rest));
            width = font.width(&line, SIZE);
            if ends || line.is_empty() && letter == ' ' {
                continue;
            }
        }
        line.push(letter);
        width += wide;
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Ends a line in `…`, which takes the place of its last letters.
fn clipped(font: &mut Font, mut line: String, room: f32) -> String {
    let dots = font.letter_width('…', SIZE);
    while font.width(&line, SIZE) + dots > room && line.pop().is_some() {}
    line.push('…');
    line
}
