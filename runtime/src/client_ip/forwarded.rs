//! Reads lists of hops from the right.
//!
//! From the left, whoever comes first has a say in what follows: one quote that isn't closed, and everything up to the end
//! is its text. From the right, what the last proxy wrote is read before anything that it was given.

/// What is not read yet.
pub(super) struct Backwards<'a>(pub(super) &'a [u8]);

impl Backwards<'_> {
    /// The last item of a comma-separated list that isn't empty. Quotes mean nothing in it.
    pub(super) fn item(&mut self) -> Option<Vec<u8>> {
        while !self.0.is_empty() {
            let comma = self.0.iter().rposition(|&byte| byte == b',');
            let item = self.0[comma.map_or(0, |at| at + 1)..].trim_ascii();
            self.0 = &self.0[..comma.unwrap_or(0)];
            if !item.is_empty() {
                return Some(item.to_vec());
            }
        }
        None
    }

    /// The node that the last element of `Forwarded` is `for` (RFC 7239); nothing if the element doesn't say, or is malformed.
    pub(super) fn node(&mut self) -> Option<Vec<u8>> {
        let (mut node, mut is_empty) = (None, true);
        loop {
            self.skip_space();
            if !matches!(self.0.last(), None | Some(b',' | b';')) {
                let (name, value) = self.pair()?;
                if name.eq_ignore_ascii_case(b"for") && node.replace(value).is_some() {
                    return None;
                }
                is_empty = false;
                self.skip_space();
            }
            match self.0.split_last() {
                None => return node,
                Some((b';', rest)) => (self.0, is_empty) = (rest, false),
                Some((b',', rest)) => {
                    self.0 = rest;
                    if !is_empty {
                        return node;
                    }
                }
                Some(_) => return None,
            }
        }
    }

    /// `name=value`.
    fn pair(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        let value = if self.0.last() == Some(&b'"') { self.quoted()? } else { self.run().to_vec() };
        self.0 = self.0.strip_suffix(b"=")?;
        let name = self.run().to_vec();
        (!name.is_empty()).then_some((name, value))
    }

    /// What needs no quotes. More than RFC 7239 allows: not every proxy puts quotes around a port or brackets.
    fn run(&mut self) -> &[u8] {
        let ends = |byte: &u8| matches!(byte, b' ' | b'\t' | b'"' | b'=' | b';' | b',');
        let (rest, run) = self.0.split_at(self.0.iter().rposition(ends).map_or(0, |at| at + 1));
        self.0 = rest;
        run
    }

    /// A quoted string, without its quotes and escapes.
    fn quoted(&mut self) -> Option<Vec<u8>> {
        let is_escaped = |text: &[u8]| text.iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1;
        let inside = self.0.strip_suffix(b"\"").filter(|inside| !is_escaped(inside))?;
        let mut open = inside.len();
        loop {
            open = inside[..open].iter().rposition(|&byte| byte == b'"')?;
            if !is_escaped(&inside[..open]) {
                break;
            }
        }
        self.0 = &inside[..open];
        let mut text = Vec::new();
        let mut bytes = inside[open + 1..].iter();
        while let Some(&byte) = bytes.next() {
            text.push(if byte == b'\\' { *bytes.next()? } else { byte });
        }
        Some(text)
    }

    fn skip_space(&mut self) {
        self.0 = self.0.trim_ascii_end();
    }
}
