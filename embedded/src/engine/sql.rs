//! Just enough of ClickHouse's lexer to find an INSERT's data and a query's FORMAT.

/// What the beginning of a request shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// The text ends before that is clear.
    Unclear,
    /// An INSERT with data: the statement ends at `statement`, the data begins at `data`.
    Insert { statement: usize, format: String, data: usize },
    /// Any other statement.
    Statement,
}

/// What a whole statement shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// It begins as queries that return rows from tables do.
    pub(super) select: bool,
    /// The name in its FORMAT clause.
    pub(super) format: Option<String>,
    /// It reads or writes a file on the client's side, which no HTTP server does.
    pub(super) client_file: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Word,
    Quoted,
    Literal,
    Punct(u8),
}

#[derive(Clone, Copy, Debug)]
struct Token {
    kind: Kind,
    start: usize,
    end: usize,
    depth: usize,
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Lexer<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    fn word(&self, token: Token) -> &'a [u8] {
        self.text.get(token.start..token.end).unwrap_or_default()
    }

    fn is(&self, token: Token, word: &str) -> bool {
        token.kind == Kind::Word && self.word(token).eq_ignore_ascii_case(word.as_bytes())
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_past(&mut self, end: &[u8]) {
        let rest = self.rest();
        self.at = match rest.windows(end.len()).position(|window| window == end) {
            Some(found) => self.at + found + end.len(),
            None => self.text.len(),
        };
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            if rest.first().is_some_and(|byte| byte.is_ascii_whitespace() || *byte == 0x0b) {
                self.at += 1;
            } else if rest.starts_with(b"--") || rest.starts_with(b"# ") || rest.starts_with(b"#!") {
                self.skip_past(b"\n");
            } else if rest.starts_with(b"/*") {
                self.at += 2;
                self.skip_past(b"*/");
            } else {
                return;
            }
        }
    }

    fn quoted_end(&self, quote: u8) -> usize {
        let mut at = self.at + 1;
        while let Some(byte) = self.text.get(at) {
            match byte {
                b'\\' => at += 2,
                byte if *byte == quote => return at + 1,
                _ => at += 1,
            }
        }
        self.text.len()
    }

    fn heredoc_end(&self) -> Option<usize> {
        let rest = self.rest();
        let tag = rest.iter().skip(1).position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')? + 1;
        if rest.get(tag) != Some(&b'$') {
            return None;
        }
        let (open, body) = rest.split_at(tag + 1);
        let found = body.windows(open.len()).position(|window| window == open)?;
        Some(self.at + open.len() + found + open.len())
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_blanks();
        let start = self.at;
        let first = *self.text.get(start)?;
        let mut depth = self.depth;
        let kind = match first {
            b'\'' | b'"' | b'`' => {
                self.at = self.quoted_end(first);
                if first == b'\'' { Kind::Literal } else { Kind::Quoted }
            }
            b'$' if self.heredoc_end().is_some() => {
                self.at = self.heredoc_end()?;
                Kind::Literal
            }
            byte if byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80 => {
                let word = |byte: &u8| !(byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80);
                self.at = self.rest().iter().position(word).map_or(self.text.len(), |length| start + length);
                Kind::Word
            }
            byte => {
                self.at += 1;
                match byte {
                    b'(' | b'[' | b'{' => self.depth += 1,
                    b')' | b']' | b'}' => {
                        self.depth = self.depth.saturating_sub(1);
                        depth = self.depth;
                    }
                    _ => {}
                }
                Kind::Punct(byte)
            }
        };
        Some(Token { kind, start, end: self.at, depth })
    }
}

/// Looks at the beginning of a request. `complete` says that nothing follows.
pub(super) fn head(text: &[u8], complete: bool) -> Head {
    let mut lexer = Lexer::new(text);
    let unclear = if complete { Head::Statement } else { Head::Unclear };
    // A token that touches the end may go on in what follows.
    let next = |lexer: &mut Lexer<'_>| lexer.next().filter(|token| complete || token.end < text.len());
    let Some(first) = next(&mut lexer) else { return unclear };
    if !lexer.is(first, "INSERT") {
        return Head::Statement;
    }
    let Some(mut token) = next(&mut lexer) else { return unclear };
    for word in ["INTO", "TABLE"] {
        if lexer.is(token, word) {
            let Some(following) = next(&mut lexer) else { return unclear };
            token = following;
        }
    }
    // `token` begins the table's name (or is FUNCTION): what follows it is no keyword either, if after a dot.
    let mut after_dot = false;
    loop {
        let Some(token) = next(&mut lexer) else { return unclear };
        if token.depth > 0 || token.kind != Kind::Word || after_dot {
            after_dot = token.kind == Kind::Punct(b'.');
            continue;
        }
        if lexer.is(token, "VALUES") {
            return Head::Insert { statement: token.start, format: "Values".to_owned(), data: token.end };
        }
        if lexer.is(token, "FORMAT") {
            let Some(name) = next(&mut lexer) else { return unclear };
            if name.kind != Kind::Word {
                return Head::Statement;
            }
            let Some(data) = data_start(text, name.end, complete) else { return unclear };
            let format = String::from_utf8_lossy(lexer.word(name)).into_owned();
            return Head::Insert { statement: token.start, format, data };
        }
        if ["SELECT", "WITH", "WATCH", "FROM"].iter().any(|word| lexer.is(token, word)) {
            return Head::Statement;
        }
    }
}

/// Where the data after `FORMAT name` begins: past blanks and one line's end.
fn data_start(text: &[u8], mut at: usize, complete: bool) -> Option<usize> {
    if text.get(at) == Some(&b';') {
        at += 1;
    }
    while matches!(text.get(at), Some(b' ' | b'\t' | 0x0c)) {
        at += 1;
    }
    if text.get(at) == Some(&b'\r') {
        at += 1;
    }
    match text.get(at) {
        Some(b'\n') => Some(at + 1),
        Some(_) => Some(at),
        None => complete.then_some(at),
    }
}

/// Looks at a whole statement.
pub(super) fn statement(text: &[u8]) -> Statement {
    let mut lexer = Lexer::new(text);
    let tokens: Vec<Token> = lexer.by_ref().collect();
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.depth == 0 && lexer.is(*token, word));
    let first = tokens.iter().find(|token| !matches!(token.kind, Kind::Punct(b'(' | b';')));
    let select = first.is_some_and(|token| ["SELECT", "WITH", "FROM"].iter().any(|word| lexer.is(*token, word)));
    let ends = |at: usize| match tokens.get(at) {
        None => true,
        Some(token) => token.kind == Kind::Punct(b';') || lexer.is(*token, "SETTINGS"),
    };
    let format = (0..tokens.len())
        .rev()
        .find(|at| is(*at, "FORMAT") && tokens.get(at + 1).is_some_and(|name| name.kind == Kind::Word) && ends(at + 2))
        .and_then(|at| tokens.get(at + 1))
        .map(|name| String::from_utf8_lossy(lexer.word(*name)).into_owned());
    let client_file = (0..tokens.len())
        .any(|at| (is(at, "INTO") && is(at + 1, "OUTFILE")) || (is(at, "FROM") && is(at + 1, "INFILE")));
    Statement { select, format, client_file }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Option<(&str, String, &str)> {
        match head(text.as_bytes(), true) {
            Head::Insert { statement, format, data } => {
                Some((text.get(..statement)?.trim(), format, text.get(data..)?))
            }
            _ => None,
        }
    }

    #[test]
    fn finds_an_inserts_data() {
        let cases = [
            ("INSERT INTO t FORMAT CSV\n1,2\n", Some(("INSERT INTO t", "CSV", "1,2\n"))),
            ("insert into db.t(a, b) format Native\n\n\x01", Some(("insert into db.t(a, b)", "Native", "\n\x01"))),
            ("INSERT INTO t VALUES (1, 'FORMAT x')", Some(("INSERT INTO t", "Values", " (1, 'FORMAT x')"))),
            (
                "INSERT INTO `format` (`values`) FORMAT  TSV \r\na",
                Some(("INSERT INTO `format` (`values`)", "TSV", "a")),
            ),
            ("INSERT INTO db.format SETTINGS a=1 FORMAT X", Some(("INSERT INTO db.format SETTINGS a=1", "X", ""))),
            ("/* FORMAT A */ INSERT -- FORMAT B\n INTO TABLE t FORMAT C\n", None),
            ("INSERT INTO t SELECT 1 FORMAT CSV", None),
            ("INSERT INTO t (SELECT 1)", None),
            ("SELECT 1 FORMAT CSV", None),
            (
                "INSERT INTO FUNCTION null('x String') FORMAT CSV\na",
                Some(("INSERT INTO FUNCTION null('x String')", "CSV", "a")),
            ),
        ];
        for (text, expected) in cases {
            if text.starts_with("/*") {
                assert!(matches!(head(text.as_bytes(), true), Head::Insert { format, .. } if format == "C"));
                continue;
            }
            let expected = expected.map(|(sql, format, data): (&str, &str, &str)| (sql, format.to_owned(), data));
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn waits_for_more() {
        let text = b"INSERT INTO t (a) FORMAT CSV \n1";
        for end in 0..text.len() - 1 {
            assert_eq!(head(&text[..end], false), Head::Unclear, "{end}");
        }
        assert!(matches!(head(text, false), Head::Insert { data: 30, .. }));
        assert_eq!(head(b"SELECT ", false), Head::Statement);
    }

    #[test]
    fn finds_a_queries_format() {
        let format = |text: &str| statement(text.as_bytes()).format;
        assert_eq!(format("SELECT 1 FORMAT JSON"), Some("JSON".to_owned()));
        assert_eq!(format("SELECT 1 format JSON; -- x"), Some("JSON".to_owned()));
        assert_eq!(format("SELECT 1 FORMAT JSON SETTINGS max_threads = 1"), Some("JSON".to_owned()));
        assert_eq!(format("SELECT ' FORMAT JSON', (SELECT 1 FORMAT x)"), None);
        assert_eq!(format("SELECT format FROM t"), None);
        assert_eq!(format("SELECT $a$ FORMAT x$a$"), None);
        assert!(statement(b"(SELECT 1) UNION ALL SELECT 2").select);
        assert!(!statement(b"SHOW TABLES").select);
        assert!(statement(b"SELECT 1 INTO OUTFILE 'x'").client_file);
        assert!(!statement(b"SELECT 'INTO OUTFILE'").client_file);
    }
}
