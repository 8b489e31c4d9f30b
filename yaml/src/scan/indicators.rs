//! The scanner's indicators: which token begins with a character, and what it does to simple keys and
//! indentation. The table in the parent module is this file.

use super::{MAX_DEPTH, ScanError, Scanner, SimpleKey, TokenKind};

impl<'s> Scanner<'s> {
    /// Reads one more token, and the empty ones before it.
    pub(super) fn fetch(&mut self) -> Result<(), ScanError> {
        self.skip_to_token();
        let column = self.column();
        self.unroll_indent(column.cast_signed());
        self.check_readable(4)?;
        if self.at >= self.text.len() {
            return self.stream_end();
        }
        let c = self.byte(0);
        if column == 0 {
            if c == b'%' {
                return self.directive();
            }
            if self.is_marker() {
                return self.marker();
            }
        }
        match c {
            b'[' => self.flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.flow_start(TokenKind::FlowMappingStart),
            b']' => self.flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.flow_end(TokenKind::FlowMappingEnd),
            b',' => self.flow_entry(),
            b'-' if self.is_space_or_end(1) => self.block_entry(),
            b'?' if self.is_flow() || self.is_space_or_end(1) => self.key(),
            b':' if self.is_flow() || self.is_space_or_end(1) => self.value(),
            b'*' => self.name(TokenKind::Alias),
            b'&' => self.name(TokenKind::Anchor),
            b'!' => self.tag(),
            b'|' | b'>' if !self.is_flow() => self.block_scalar(c == b'|'),
            b'\'' | b'"' => self.quoted_scalar(c == b'\''),
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' | b'\t' => {
                Err(ScanError::new("found character that cannot start any token", self.at))
            }
            _ => self.plain_scalar(),
        }
    }

    fn stream_end(&mut self) -> Result<(), ScanError> {
        if self.at != self.line_start {
            self.begin_line();
        }
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.is_key_allowed = false;
        self.push_indicator(TokenKind::StreamEnd, 0);
        Ok(())
    }

    fn directive(&mut self) -> Result<(), ScanError> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.is_key_allowed = false;
        self.scan_directive()
    }

    fn marker(&mut self) -> Result<(), ScanError> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.is_key_allowed = false;
        let is_start = self.byte(0) == b'-';
        let kind = if is_start { TokenKind::DocumentStart } else { TokenKind::DocumentEnd };
        self.push_indicator(kind, 3);
        Ok(())
    }

    fn flow_start(&mut self, kind: TokenKind<'s>) -> Result<(), ScanError> {
        self.save_simple_key()?;
        let number = self.taken + self.tokens.len();
        self.keys.push(SimpleKey { number, ..SimpleKey::default() });
        if self.keys.len() > MAX_DEPTH + 1 {
            return Err(ScanError { message: "nested too deeply", at: self.at, is_limit: true });
        }
        self.brackets.push(self.at);
        self.is_key_allowed = true;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn flow_end(&mut self, kind: TokenKind<'s>) -> Result<(), ScanError> {
        self.remove_simple_key()?;
        if let Some(key) = self.keys.pop_if(|_| self.brackets.pop().is_some()) {
            // Upstream bug: where no key was saved within, this is the number of the bracket, which then leaves
            // the queue before a colon after it is seen.
            self.release(key.number);
        }
        self.is_key_allowed = false;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn flow_entry(&mut self) -> Result<(), ScanError> {
        self.remove_simple_key()?;
        self.is_key_allowed = true;
        self.push_indicator(TokenKind::FlowEntry, 1);
        Ok(())
    }

    fn block_entry(&mut self) -> Result<(), ScanError> {
        if !self.is_flow() {
            if !self.is_key_allowed {
                let message = "block sequence entries are not allowed in this context";
                return Err(ScanError::new(message, self.at));
            }
            let column = self.column();
            self.roll_indent(column, None, TokenKind::BlockSequenceStart, self.at)?;
        }
        self.remove_simple_key()?;
        self.is_key_allowed = true;
        self.push_indicator(TokenKind::BlockEntry, 1);
        Ok(())
    }

    fn key(&mut self) -> Result<(), ScanError> {
        if !self.is_flow() {
            if !self.is_key_allowed {
                let message = "mapping keys are not allowed in this context";
                return Err(ScanError::new(message, self.at));
            }
            let column = self.column();
            self.roll_indent(column, None, TokenKind::BlockMappingStart, self.at)?;
        }
        self.remove_simple_key()?;
        self.is_key_allowed = !self.is_flow();
        self.push_indicator(TokenKind::Key, 1);
        Ok(())
    }

    fn value(&mut self) -> Result<(), ScanError> {
        let last = self.keys.len().saturating_sub(1);
        let is_after_key = self.is_possible(last)?;
        if let Some(key) = self.keys.last_mut().filter(|_| is_after_key) {
            key.is_possible = false;
            let SimpleKey { number, start, column, .. } = *key;
            self.release(number);
            self.insert(Some(number), TokenKind::Key, start);
            self.roll_indent(column, Some(number), TokenKind::BlockMappingStart, start)?;
            self.is_key_allowed = false;
        } else {
            if !self.is_flow() {
                if !self.is_key_allowed {
                    let message = "mapping values are not allowed in this context";
                    return Err(ScanError::new(message, self.at));
                }
                let column = self.column();
                self.roll_indent(column, None, TokenKind::BlockMappingStart, self.at)?;
            }
            self.is_key_allowed = !self.is_flow();
        }
        self.push_indicator(TokenKind::Value, 1);
        Ok(())
    }
}
