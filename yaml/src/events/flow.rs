//! The grammar of flow collections.

use super::{Event, EventKind, Events, State};
use crate::scan::{ScanError, TokenKind};

impl<'s> Events<'s> {
    pub(super) fn flow_sequence_entry(&mut self, is_first: bool) -> Result<Event<'s>, ScanError> {
        if *self.peek()? != TokenKind::FlowSequenceEnd {
            if !is_first {
                if *self.peek()? != TokenKind::FlowEntry {
                    return self.unexpected("did not find expected ',' or ']'");
                }
                self.take();
            }
            match self.peek()? {
                TokenKind::Key => {
                    // A mapping of one pair.
                    self.state = State::FlowPairKey;
                    let (start, end) = self.take();
                    return Ok(Event::new(EventKind::MappingStart, start, end));
                }
                TokenKind::FlowSequenceEnd => {}
                _ => {
                    self.states.push(State::FlowSequenceEntry(false));
                    return self.node(false, false);
                }
            }
        }
        Ok(self.close(EventKind::SequenceEnd))
    }

    pub(super) fn flow_pair_key(&mut self) -> Result<Event<'s>, ScanError> {
        match self.peek()? {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                // Upstream bug: go-yaml skips this token.
                let (_, after) = self.take();
                Ok(self.empty(after, State::FlowPairValue))
            }
            _ => {
                self.states.push(State::FlowPairValue);
                self.node(false, false)
            }
        }
    }

    pub(super) fn flow_pair_value(&mut self) -> Result<Event<'s>, ScanError> {
        if *self.peek()? == TokenKind::Value {
            self.take();
            if !matches!(self.peek()?, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                self.states.push(State::FlowPairEnd);
                return self.node(false, false);
            }
        }
        let start = self.scanner.peek()?.start;
        Ok(self.empty(start, State::FlowPairEnd))
    }

    pub(super) fn flow_mapping_key(&mut self, is_first: bool) -> Result<Event<'s>, ScanError> {
        if *self.peek()? != TokenKind::FlowMappingEnd {
            if !is_first {
                if *self.peek()? != TokenKind::FlowEntry {
                    return self.unexpected("did not find expected ',' or '}'");
                }
                self.take();
            }
            match self.peek()? {
                TokenKind::Key => {
                    self.take();
                    return self.flow_mapping_node(State::FlowMappingValue);
                }
                TokenKind::FlowMappingEnd => {}
                _ => {
                    self.states.push(State::FlowMappingNoValue);
                    return self.node(false, false);
                }
            }
        }
        Ok(self.close(EventKind::MappingEnd))
    }

    pub(super) fn flow_mapping_value(&mut self) -> Result<Event<'s>, ScanError> {
        if *self.peek()? == TokenKind::Value {
            self.take();
            return self.flow_mapping_node(State::FlowMappingKey(false));
        }
        let start = self.scanner.peek()?.start;
        Ok(self.empty(start, State::FlowMappingKey(false)))
    }

    /// A key or a value of a flow mapping, if there is one.
    pub(super) fn flow_mapping_node(&mut self, next: State) -> Result<Event<'s>, ScanError> {
        let is_value = matches!(next, State::FlowMappingKey(_));
        match self.peek()? {
            TokenKind::Value if !is_value => {}
            TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {}
            _ => {
                self.states.push(next);
                return self.node(false, false);
            }
        }
        let start = self.scanner.peek()?.start;
        Ok(self.empty(start, next))
    }
}
