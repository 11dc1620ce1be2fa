//! Why a rule can't be used.

use rsigma_eval::EvalError;
use rsigma_parser::SigmaParserError;

/// A rule that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("rule {source_name}: {problem}")]
pub struct RuleError {
    /// Which text: the name that came with it.
    pub source_name: String,
    /// What is wrong with it.
    #[source]
    pub problem: RuleProblem,
}

/// What is wrong with a rule.
#[derive(Debug, thiserror::Error)]
pub enum RuleProblem {
    /// Not Sigma, or not YAML.
    #[error("not a Sigma rule: {0}")]
    Syntax(#[from] SigmaParserError),
    /// Parts of the text that the parser passed over.
    #[error("not a Sigma rule: {0}")]
    Parts(String),
    /// A condition that is too long or nests too deep to be read safely.
    #[error("a condition is too long or nests too deep")]
    Nesting,
    /// There has to be one detection rule in a text, or one correlation with its base rules.
    #[error(
        "{0} detection rules and {1} correlations in one text, expected one rule, or one correlation with its rules"
    )]
    Count(usize, usize),
    /// The text is too long.
    #[error("more than {0} documents, or {1} values")]
    TooLong(usize, usize),
    /// The correlation is none that we know.
    #[error("the correlation does not compile: {0}")]
    Correlation(&'static str),
    /// The correlation counts more than a window holds, or asks for more than there is.
    #[error("the correlation does not compile: its threshold is beyond {0}")]
    Threshold(f64),
    /// The correlation refers to a rule that isn't in its text.
    #[error("the correlation does not compile: no rule `{0}` in this text")]
    NoBase(String),
    /// The text asks for a limit that it doesn't declare.
    #[error("`%{0}%` is none of its `limits`")]
    NoLimit(String),
    /// Two rules have a limit of one name.
    #[error("another rule has a limit `{0}`")]
    LimitTwice(String),
    /// The detection doesn't compile.
    #[error("the detection does not compile: {0}")]
    Detection(#[from] EvalError),
    /// An attribute is missing or has an impossible value.
    #[error("`{0}` is missing or not {1}")]
    Attribute(&'static str, &'static str),
    /// The rule asks for a field that no event has.
    #[error("no event has a field `{0}`")]
    Field(String),
    /// Two rules have one name or one id.
    #[error("another rule has the same {0}")]
    Twice(&'static str),
    /// The rules of one origin cost too much together.
    #[error("the rules would have more than {0} {1} together")]
    Budget(usize, &'static str),
    /// More rules than a match can number.
    #[error("more than {} rules", u16::MAX)]
    TooMany,
}
