//! What a value or a count is held against.

/// What a value has to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// This text.
    Is(String),
    /// A text with this in it.
    Contains(String),
    /// A text that starts with this.
    StartsWith(String),
    /// A text that ends with this.
    EndsWith(String),
    /// A text of this pattern, a regular expression.
    Fits(String),
    /// An address of this network.
    Within(String),
    /// This number.
    Number(f64),
    /// More than this.
    More(f64),
    /// At least this.
    AtLeast(f64),
    /// Less than this.
    Less(f64),
    /// At most this.
    AtMost(f64),
    /// Yes, or no.
    Flag(bool),
    /// There, or not there.
    There(bool),
    /// What another field is, or part of it.
    Field(String),
    /// Not that.
    Not(Box<Test>),
    /// Any of these.
    Any(Vec<Test>),
    /// All of these.
    All(Vec<Test>),
}

/// How much more than `seen` it takes to reach a bound, or to get beyond it.
pub(crate) fn short_of(seen: f64, bound: f64, beyond: bool) -> f64 {
    let is_whole = seen.fract() == 0.0 && bound.fract() == 0.0;
    (bound - seen + if beyond && is_whole { 1.0 } else { 0.0 }).max(0.0)
}
