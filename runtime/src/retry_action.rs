//! What to do about an error of ClickHouse or of a Kafka send. One place decides, for everybody who stores or sends, so
//! that what can't succeed is never tried for ever, and what can is never given up.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// What an error asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAction {
    /// The same again, after a wait: whatever stood in the way passes, or an operator mends it without a restart.
    Retry,
    /// Something among what was sent together is refused: send it in parts, until what is refused stands alone.
    Split,
    /// It stands alone and will never be taken. The word is the reason, for a dead letter or a metric.
    Reject(&'static str),
    /// Nothing will be taken, whatever it is, until somebody acts: stop with an error instead of waiting silently.
    Fatal,
}

impl RetryAction {
    /// What an error of an insert of so many rows asks for.
    ///
    /// Only errors that speak of the data of a row, and are raised before anything of the block is written, split it:
    /// the halves have other tokens, so a half that was written already would be stored twice. Every other error (away,
    /// overloaded, out of memory, no rights, no such column) is the operator's, who mends it while nothing is lost.
    #[must_use]
    pub fn of_store(error: &clickhouse::error::Error, rows: usize) -> Self {
        use clickhouse::error::Error;
        match error {
            // The address of the store has a scheme that this build can't speak.
            Error::Unsupported(_) => Self::Fatal,
            Error::BadResponse(text) => match store_code(text) {
                Some(code) if is_of_a_row(code, text) && rows > 1 => Self::Split,
                Some(code) if is_of_a_row(code, text) => Self::Reject("refused_by_store"),
                _ => Self::Retry,
            },
            _ => Self::Retry,
        }
    }

    /// What an error of a record asks for that was sent together with others, so many in all. A broker refuses a batch
    /// as a whole, and the client can't say for which record's sake.
    ///
    /// A send that timed out may have arrived: `Retry` means at least once, and readers recognise the repetition.
    #[must_use]
    pub fn of_kafka(error: &KafkaError, together: usize) -> Self {
        use RDKafkaErrorCode as Code;
        let code = match error {
            // A key, a header or a topic with a NUL in it.
            KafkaError::Nul(_) => return Self::Reject("invalid_record"),
            KafkaError::ClientConfig(..) | KafkaError::ClientCreation(_) => return Self::Fatal,
            _ => error.rdkafka_error_code(),
        };
        let refused = match code {
            Some(Code::MessageSizeTooLarge | Code::MessageBatchTooLarge | Code::InvalidMessageSize) => "too_large",
            Some(Code::InvalidMessage | Code::InvalidRecord | Code::InvalidTimestamp) => "invalid_record",
            Some(
                Code::Fatal
                | Code::Fenced
                | Code::ProducerFenced
                | Code::GaplessGuarantee
                | Code::Authentication
                | Code::SaslAuthenticationFailed
                | Code::UnsupportedSASLMechanism
                | Code::TopicAuthorizationFailed
                | Code::ClusterAuthorizationFailed
                | Code::GroupAuthorizationFailed
                | Code::TransactionalIdAuthorizationFailed
                | Code::SecurityDisabled
                | Code::InvalidTopic
                | Code::InvalidRequiredAcks
                | Code::InvalidConfig
                | Code::UnsupportedVersion
                | Code::UnsupportedFeature
                | Code::UnsupportedForMessageFormat
                | Code::UnsupportedCompressionType
                | Code::PolicyViolation,
            ) => return Self::Fatal,
            _ => return Self::Retry,
        };
        if together > 1 { Self::Split } else { Self::Reject(refused) }
    }
}

/// Whether a code of ClickHouse speaks of the data of a row.
fn is_of_a_row(code: u32, text: &str) -> bool {
    match code {
        // CANNOT_PARSE_TEXT, CANNOT_PARSE_QUOTED_STRING, CANNOT_PARSE_INPUT_ASSERTION_FAILED, CANNOT_PARSE_DATE,
        // CANNOT_PARSE_DATETIME, CANNOT_PARSE_NUMBER, INCORRECT_DATA, TOO_LARGE_ARRAY_SIZE, TOO_LARGE_STRING_SIZE,
        // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE, CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN,
        // FUNCTION_THROW_IF_VALUE_IS_NON_ZERO, DECIMAL_OVERFLOW, VIOLATED_CONSTRAINT.
        6 | 26 | 27 | 38 | 41 | 72 | 117 | 128 | 131 | 321 | 349 | 395 | 407 | 469 => true,
        // TOO_MANY_PARTS has two meanings: too many partitions in this block, which halves have fewer of, and merges
        // that lag behind, which pass.
        252 => text.contains("Too many partitions for single INSERT block"),
        _ => false,
    }
}

/// The number in `Code: 469. DB::Exception: …`.
fn store_code(text: &str) -> Option<u32> {
    let rest = &text[text.find("Code: ")? + 6..];
    rest[..rest.find(|c: char| !c.is_ascii_digit())?].parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use clickhouse::error::Error;
    use rdkafka::types::RDKafkaRespErr;

    use super::*;

    /// A1: every code that librdkafka knows, and what it asks for; what isn't listed is tried again.
    #[test]
    fn every_error_of_kafka_has_an_action() {
        let mut table = String::new();
        for number in -200..200 {
            let Ok(known) = RDKafkaRespErr::try_from(number) else { continue };
            let code = RDKafkaErrorCode::from(known);
            let error = KafkaError::MessageProduction(code);
            let (alone, together) = (RetryAction::of_kafka(&error, 1), RetryAction::of_kafka(&error, 2));
            assert_eq!(matches!(alone, RetryAction::Reject(_)), together == RetryAction::Split, "{code:?}");
            assert_ne!(alone, RetryAction::Split, "{code:?}: nothing is left to split");
            if alone != RetryAction::Retry {
                writeln!(table, "{code:?}: {alone:?}, among others {together:?}").unwrap();
            }
        }
        insta::assert_snapshot!(table);
        for passing in [KafkaError::Canceled, KafkaError::NoMessageReceived] {
            assert_eq!(RetryAction::of_kafka(&passing, 1), RetryAction::Retry);
        }
    }

    /// A1: a row's own errors split and reject; a store that is away, full or locked is waited for.
    #[test]
    fn errors_of_the_store_have_an_action() {
        let answer = |code: u32, text: &str| Error::BadResponse(format!("Code: {code}. DB::Exception: {text}"));
        for code in 0..1000 {
            let error = answer(code, "Something (SOMETHING)");
            let alone = RetryAction::of_store(&error, 1);
            let refused = [6, 26, 27, 38, 41, 72, 117, 128, 131, 321, 349, 395, 407, 469].contains(&code);
            let (expected, among) = if refused {
                (RetryAction::Reject("refused_by_store"), RetryAction::Split)
            } else {
                (RetryAction::Retry, RetryAction::Retry)
            };
            assert_eq!((alone, RetryAction::of_store(&error, 2)), (expected, among), "{code}");
        }
        let partitions = answer(252, "Too many partitions for single INSERT block (more than 100)");
        assert_eq!(RetryAction::of_store(&partitions, 2), RetryAction::Split);
        for passing in [
            answer(252, "Too many parts (3000). Merges are processing significantly slower than inserts"),
            answer(516, "default: Authentication failed"),
            Error::BadResponse("<html>502 Bad Gateway</html>".to_owned()),
            Error::BadResponse("Code: ".to_owned()),
            Error::TimedOut,
            Error::Network("connection refused".into()),
        ] {
            assert_eq!(RetryAction::of_store(&passing, 1), RetryAction::Retry, "{passing}");
        }
        assert_eq!(RetryAction::of_store(&Error::Unsupported("https".to_owned()), 1), RetryAction::Fatal);
    }
}
